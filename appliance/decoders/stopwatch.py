"""Times imported models, beside their TorchScript files if wanted, round by round in turn."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from appliance import LATENT_CHANNELS
from appliance.decoders.card import Card
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.onnx_encoder import OnnxEncoder
from appliance.decoders.trials import trial_sound

_WARM = 6  # calls before any counts
_CALLS = 12  # of one contestant before the next one's turn


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one frame of all rows: what did it, by which precision, how many rows."""

    task: str
    precision: str
    rows: int
    median_ms: float
    p99_ms: float
    load: float
    """Part of one core that it takes in real time."""


def time_model(
    folder: Path,
    card: Card,
    *,
    rows: int = 2,
    threads: int = 1,
    rounds: int = 8,
    against: Path | None = None,
) -> list[Timing]:
    """Time decodes of 1 to `rows` rows and encodes at every precision, and `against` a file.

    Raises ModelError if a graph or the file cannot be opened. Torch is loaded only for a file.
    """  # fmt: skip
    calls = list(_decodes(folder, card, rows, threads)) + list(_encodes(folder, card, threads))
    if against is not None:
        calls += _torch(against, card, rows, threads)
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(-1, rounds):
        for (*_, call), kept in zip(calls, times, strict=True):
            for _ in range(_WARM if turn < 0 else _CALLS):
                start = time.perf_counter()
                call()
                if turn >= 0:
                    kept.append(time.perf_counter() - start)
    frame = card.ratio / card.rate
    return [
        Timing(
            task,
            precision,
            count,
            round(1e3 * float(np.median(kept)), 4),
            round(1e3 * float(np.percentile(kept, 99)), 4),
            round(float(np.median(kept)) / frame, 4),
        )
        for (task, precision, count, _), kept in zip(calls, times, strict=True)
    ]


_Call = tuple[str, str, int, Callable[[], object]]


def _decodes(folder: Path, card: Card, rows: int, threads: int) -> Iterator[_Call]:
    if card.runtime != "onnx":
        return
    for precision, variant in card.variants.items():
        for count in range(1, rows + 1):
            decoder = OnnxDecoder(folder / variant.file, list(range(count)), threads=threads)
            z = np.random.default_rng(0).standard_normal((count, LATENT_CHANNELS), np.float32)
            audio = np.zeros((count, decoder.ratio), np.float32)
            active = [True] * count
            yield (
                "decode", precision, count,
                lambda d=decoder, z=z, on=active, out=audio: d.decode(z, on, out),
            )  # fmt: skip


def _encodes(folder: Path, card: Card, threads: int) -> Iterator[_Call]:
    if card.encoder is None:
        return
    for precision, variant in card.encoder.variants.items():
        encoder = OnnxEncoder(folder / variant.file, threads=threads)
        sound = trial_sound(encoder.ratio, encoder.rate, seed=6)
        yield "encode", precision, 1, lambda e=encoder, s=sound: e.encode(s)


def _torch(path: Path, card: Card, rows: int, threads: int) -> list[_Call]:
    import torch  # noqa: PLC0415

    from appliance.decoders.contract import open_model  # noqa: PLC0415

    torch.set_num_threads(threads)
    model, contract = open_model(path)

    def decode(z: torch.Tensor) -> None:
        with torch.inference_mode():
            model.decode(z)

    def encode(sound: torch.Tensor) -> None:
        with torch.inference_mode():
            model.encode(sound)

    calls: list[_Call] = []
    for count in range(1, rows + 1):
        z = torch.randn(count, contract.latents, 1)
        calls.append(("decode", "torch", count, lambda z=z: decode(z)))
    if contract.encoding is not None and card.encoder is not None:
        sound = 0.1 * torch.randn(1, contract.encoding.channels, contract.encoding.ratio)
        calls.append(("encode", "torch", 1, lambda: encode(sound)))
    return calls
