"""One side of a speed comparison, in a process of its own: reads "rows count", prints times.

`python -m tests.bench.contestant torch FILE.ts` or `... ours MODEL_FOLDER PRECISION`.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np


def torch_side(path: str) -> Callable[[int], Callable[[], object]]:
    """Return a maker of one-frame calls on the TorchScript file, as nn~ makes them."""
    import torch  # noqa: PLC0415

    from appliance.decoders.contract import open_model  # noqa: PLC0415

    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    model, contract = open_model(Path(path))

    def make(rows: int) -> Callable[[], object]:
        z = torch.randn(rows, contract.latents, 1)
        return lambda: model.decode(z)

    return make


def our_side(folder: str, precision: str) -> Callable[[int], Callable[[], object]]:
    """Return a maker of one-frame calls on the imported model, as the engine makes them."""
    from appliance.decoders.library import Library  # noqa: PLC0415

    place = Path(folder)
    library = Library([place.parent])

    def make(rows: int) -> Callable[[], object]:
        decoder = library.open(place.name, list(range(rows)), precision=precision)
        z = np.random.default_rng(0).standard_normal((rows, 8)).astype(np.float32)
        audio = np.zeros((rows, decoder.ratio), np.float32)
        active = [True] * rows
        return lambda: decoder.decode(z, active, audio)

    return make


def main() -> None:
    """Serve rounds until standard input ends."""
    make = torch_side(sys.argv[2]) if sys.argv[1] == "torch" else our_side(*sys.argv[2:4])
    calls = {rows: make(rows) for rows in (1, 2)}
    for call in calls.values():
        for _ in range(6):
            call()
    print("ready", flush=True)
    for line in sys.stdin:
        rows, count = (int(word) for word in line.split())
        times: list[float] = []
        for _ in range(count):
            start = time.perf_counter()
            calls[rows]()
            times.append(time.perf_counter() - start)
        print(*times, flush=True)


if __name__ == "__main__":
    main()
