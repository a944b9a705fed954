"""The long work itself, as it runs in a process of its own: encoding sound, making latents up.

Progress is printed as lines of per cent; what cannot be done as one sentence, with code 1.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

# Before numpy loads: one thread is all the work may have beside the sound.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import msgspec
import numpy as np

from appliance.decoders.library import Library
from appliance.errors import ApplianceError
from appliance.jam.encoding import encode_file
from appliance.priors import open_prior
from appliance.terrain.chart import read_chart, write_chart
from appliance.terrain.training import trained

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done.

    "encode" a sound `file`, "train" on the chart in one, or "generate" `seconds` of latents.
    """

    what: str
    model: str
    folders: tuple[str, ...] = ()
    """More folders in which the model is looked for."""
    file: str = ""
    seconds: float = 0.0
    seed: int = 0
    spread: float = 1.0

    @property
    def text(self) -> str:
        """The task as one argument."""
        return msgspec.json.encode(self).decode()

    @property
    def title(self) -> str:
        """What the latents may be called."""
        return Path(self.file).stem if self.file else f"{self.model} {self.seed}"


def main() -> None:
    """Carry out the task of the first argument into the file named by the second."""
    text, out = sys.argv[1:]
    task = msgspec.json.decode(text, type=Task)
    library = Library(Path(folder).expanduser() for folder in task.folders)
    try:
        if task.what == "train":
            _train(Path(task.file), task.seed, Path(out))
            return
        if task.what == "encode":
            encoded = encode_file(library, task.model, Path(task.file), progress=_tell)
            latents, rate = encoded.latents, encoded.rate
        else:
            prior = open_prior(library, task.model)
            rate = prior.points_per_second
            points = max(2, round(task.seconds * rate))
            latents = prior.generate(points, task.seed, spread=task.spread, progress=_tell)
    except ApplianceError as error:
        sys.exit(str(error))
    np.savez(out, latents=latents, rate=rate)


def _train(path: Path, seed: int, out: Path) -> None:
    chart = read_chart(path)
    write_chart(out, replace(chart, net=trained(chart, seed, _tell)))


def _tell(share: float) -> None:
    print(f"{100 * share:.1f} %", flush=True)
