"""`python -m tests.boot VARIANT`: boot the built image and put it through its acts.

Devices are emulated on this machine and plugged in from outside; nothing in the image knows of it.
"""

import argparse
import json
import shutil
import sys
import time

from image.steps.variant import PROJECT, read_variant
from tests.boot.acts import ACTS, cut
from tests.boot.bench import Bench


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.boot")
    parser.add_argument("variant", choices=["qemu-amd64", "qemu-arm64"])
    parser.add_argument("--act", action="append", choices=list(ACTS))
    parser.add_argument("--cuts", type=int, default=1, help="power cuts in that act")
    options = parser.parse_args()
    variant = read_variant(options.variant)
    folder = PROJECT / "build/boot" / variant.name
    begun = time.monotonic()

    def say(sentence: str) -> None:
        sys.stdout.write(f"{time.monotonic() - begun:6.0f} s  {sentence}\n")
        sys.stdout.flush()

    for act in options.act or ACTS:
        say(f"{act}:")
        shutil.rmtree(folder / act, ignore_errors=True)
        bench = Bench(variant, folder / act)
        try:
            if act == "cut":
                cut(bench, say, options.cuts)
            else:
                ACTS[act](bench, say)
        except BaseException:
            bench.keep_journal()
            raise
        finally:
            bench.switch_off()
            bench.card.unlink(missing_ok=True)
        (folder / f"{act}.json").write_text(json.dumps(bench.facts, indent=1) + "\n")


main()
