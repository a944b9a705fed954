"""The process that imports one file: last in line for processor, disk and memory.

`python -m appliance.imports.child FILE MODELS NAME PRECISION MEMORY_MB PROJECTION` says lines:
"step ...", then "done ..." or "failed ..." with a sentence.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

from appliance.decoders.shortage import is_shortage

_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux's prctl


def main() -> None:
    """Import as the arguments say."""
    source, models, name, precision, memory, projection = sys.argv[1:7]
    _step_back(int(memory))
    try:
        card_name, precision = _import(Path(source), Path(models), name, precision, projection)
    except Exception as error:
        if is_shortage(error):
            _say("failed", f"{Path(source).name} needs more than {memory} MB of memory to import.")
        else:
            # The player knows the file by its name, not by where its copy lies.
            reason = str(error).replace(source, Path(source).name)
            _say("failed", " ".join(reason.split()) or type(error).__name__)
    else:
        _say("done", f"'{card_name}' plays as {precision}")


def _import(
    source: Path, models: Path, name: str, precision: str, projection: str
) -> tuple[str, str]:
    from appliance.decoders.importer import import_model  # noqa: PLC0415 - after the limits

    card = import_model(
        source,
        models,
        name=name,
        precision=precision,
        projection=projection,
        progress=lambda step: _say("step", step),
    )
    return card.name, card.precision


def _step_back(memory_mb: int) -> None:
    """Take what nobody else wants, be the first to go when memory runs out, end with the parent."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, int(signal.SIGKILL))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (memory_mb << 20, memory_mb << 20))
    with contextlib.suppress(OSError):
        os.nice(19)
    if hasattr(os, "SCHED_IDLE"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")


def _say(word: str, text: str) -> None:
    print(word, text, flush=True)


if __name__ == "__main__":
    main()
