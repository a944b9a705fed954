"""One side of a speed comparison, in a process of its own: reads "what count", prints times.

`python -m tests.bench.contestant torch|frozen FILE.ts` or `... ours MODEL_FOLDER PRECISION`. What
is timed is a decode of "1" or "2" voices or "encode"; a word before, as in "cold-1", lets other
memory push the weights out of the caches before each call.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ENCODE = "encode"
COLD = "cold-"
_MORE_THAN_CACHES = 1 << 26  # bytes


Call = tuple[Callable[[], object], int]
"""What is timed, and how many frames it does at once."""


def torch_side(path: str, *, frozen: bool = False) -> Callable[[str], Call]:
    """Return a maker of calls on the TorchScript file, as nn~ makes them or frozen before."""
    import torch  # noqa: PLC0415

    from appliance.decoders.contract import open_model  # noqa: PLC0415

    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    model, contract = open_model(Path(path))
    least_buffer = getattr(model, "min_buffer_size", None)
    if frozen:
        kept = ["decode", *(["encode"] if contract.encoding is not None else [])]
        model = torch.jit.freeze(model, preserved_attrs=kept)
        model = torch.jit.optimize_for_inference(model, other_methods=kept)

    def make(what: str) -> Call:
        if what == ENCODE:
            assert contract.encoding is not None
            ratio = contract.encoding.ratio
            least = int((least_buffer or (ratio,))[0])  # vschaos2 fails below it
            sound = 0.1 * torch.randn(1, contract.encoding.channels, max(ratio, least))
            return lambda: model.encode(sound), sound.shape[-1] // ratio
        z = torch.randn(int(what), contract.latents, 1)
        return lambda: model.decode(z), 1

    return make


def our_side(folder: str, precision: str) -> Callable[[str], Call]:
    """Return a maker of one-frame calls on the imported model, as the engine makes them."""
    from appliance.decoders.library import Library  # noqa: PLC0415

    place = Path(folder)
    library, random = Library([place.parent]), np.random.default_rng(0)

    def make(what: str) -> Call:
        if what == ENCODE:
            encoder = library.open_encoder(place.name, precision=precision)
            sound = (0.1 * random.standard_normal(encoder.ratio)).astype(np.float32)
            return lambda: encoder.encode(sound), 1
        rows = int(what)
        decoder = library.open(place.name, list(range(rows)), precision=precision)
        z = random.standard_normal((rows, 8)).astype(np.float32)
        audio = np.zeros((rows, decoder.ratio), np.float32)
        active = [True] * rows
        return lambda: decoder.decode(z, active, audio), 1

    return make


def main() -> None:
    """Serve rounds until standard input ends."""
    kind = sys.argv[1]
    if kind == "ours":
        make = our_side(*sys.argv[2:4])
    else:
        make = torch_side(sys.argv[2], frozen=kind == "frozen")
    calls: dict[str, Call] = {}
    others = np.zeros(_MORE_THAN_CACHES // 4, np.float32)
    print("ready", flush=True)
    for line in sys.stdin:
        what, count = line.split()
        if what not in calls:
            calls[what] = make(what.removeprefix(COLD))
            for _ in range(6):
                calls[what][0]()
        call, frames = calls[what]
        times: list[float] = []
        for _ in range(int(count)):
            if what.startswith(COLD):
                others += 1
            start = time.perf_counter()
            call()
            times.append((time.perf_counter() - start) / frames)
        print(*times, flush=True)


if __name__ == "__main__":
    main()
