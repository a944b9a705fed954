"""Compares an imported decoder with its original, and measures what it costs."""

import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.decoders.contract import Contract, Model, silence
from appliance.decoders.decoder import Decoder
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.original_noise import drawn, whole_noises
from appliance.errors import ModelError

TOLERANCE = 1e-4
"""Largest difference to TorchScript, relative to the largest sample."""

_FRAMES = 24
_MEMORY_S = 1.5  # longer than any known decoder remembers
_PROBED = 4
_MARGIN_DB = 10.0  # quantization must stay this far under the model's own variation
_EXACT_SNR_DB = 35.0  # and at this level where there is none


def probe(model: Model, contract: Contract, path: Path) -> None:
    """Decode a few frames; raises ModelError if the file cannot do what its contract says."""
    latents = torch.randn(_PROBED, contract.latents, generator=torch.Generator().manual_seed(0))
    latents[0] = 0
    for z in latents:
        _probe_frame(model, contract, path, z[None, :, None])


def _probe_frame(model: Model, contract: Contract, path: Path, z: torch.Tensor) -> None:
    try:
        with torch.inference_mode():
            sound = model.decode(z)
    except Exception as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise ModelError(
            f"{path} fails to decode one frame ({(lines or ['no reason'])[-1].strip()[:160]}). "
            "Export the model again with the version of torch it was trained with."
        ) from error
    if isinstance(sound, torch.Tensor) and not sound.is_floating_point():
        raise ModelError(
            f"{path} gives {sound.dtype} numbers for one frame where audio is needed. "
            "Export the model again."
        )
    if not _is_frame(sound, contract.ratio):
        shape = tuple(sound.shape) if isinstance(sound, torch.Tensor) else type(sound).__name__
        raise ModelError(
            f"{path} gives {shape} for one frame where its decode_params promise "
            f"(1, {contract.channels}, {contract.ratio}) samples. Export the model again."
        )
    if not bool(torch.isfinite(sound).all()):
        raise ModelError(f"{path} gives NaN or infinite samples. Export an earlier checkpoint.")


def _is_frame(sound: object, ratio: int) -> bool:
    if not isinstance(sound, torch.Tensor) or sound.dim() != 3:
        return False
    return sound.shape[0] == 1 and sound.shape[1] >= 1 and sound.shape[2] == ratio


def latents(count: int, frames: int, *, seed: int, codes: int = 0) -> NDArray[np.float32]:
    """Return latents (frames, 1, count) to try a model with: N(0, 1), or codes and some beyond."""
    random = np.random.default_rng(seed)
    if codes:
        return random.uniform(-0.1 * codes, 1.1 * codes, (frames, 1, count)).astype(np.float32)
    return random.standard_normal((frames, 1, count)).astype(np.float32)


def relative_error(
    model: Model, contract: Contract, decoder: OnnxDecoder, *, codes: int = 0
) -> float:
    """Return max |difference| / max |sample| over some frames with the same random numbers.

    The mean of the original's channels counts. The result is NaN if any sample is.
    """
    silence(model)
    worst = peak = 0.0
    decoder.reset(0)
    for frame, z in enumerate(latents(contract.latents, _FRAMES, seed=1, codes=codes)):
        torch.manual_seed(frame)
        with torch.inference_mode():
            expected = model.decode(torch.from_numpy(z[:, :, None]))[0].mean(0).numpy()
        torch.manual_seed(frame)
        noises = [drawn(kind, shape) for kind, shape in decoder.runtime.noise_inputs]
        sound = decoder.run(z, noises)[0]
        # Python's max() would drop a NaN; numpy's keeps it.
        worst = float(np.maximum(worst, np.abs(sound - expected).max()))
        peak = float(np.maximum(peak, np.abs(expected).max()))
    decoder.reset(0)
    return worst / float(np.maximum(peak, 1e-6))


def offline_error(
    model: Model, contract: Contract, decoder: OnnxDecoder, delay: int, *, codes: int = 0
) -> float:
    """Return `relative_error` for an original that decodes everything in one call.

    `decoder` sounds `delay` samples later, and needs its whole memory before it can agree.
    """
    settling = round(_MEMORY_S * contract.rate)
    frames = -(-(settling + delay) // contract.ratio) + _FRAMES
    z = latents(contract.latents, frames, seed=1, codes=codes)
    torch.manual_seed(0)
    with torch.inference_mode():
        whole = model.decode(torch.from_numpy(z).permute(1, 2, 0))[0].mean(0).numpy()
    torch.manual_seed(0)
    noises = whole_noises(decoder.runtime, frames)
    decoder.reset(0)
    heard = [
        decoder.run(now, [noise[frame] for noise in noises])[0].copy()
        for frame, now in enumerate(z)
    ]
    decoder.reset(0)
    expected = whole[settling : len(whole) - delay]
    sound = np.concatenate(heard)[settling + delay :]
    peak = float(np.maximum(np.abs(expected).max(), 1e-6))
    return float(np.abs(sound - expected).max()) / peak


def quantization(
    exact: OnnxDecoder, quantized: OnnxDecoder, *, codes: int = 0
) -> tuple[float, float | None, bool]:
    """Return (SNR of `quantized` in dB, own variation in dB or None, whether it is acceptable).

    The variation is the signal over the difference of two exact decodes with other random
    numbers; quantization must stay 10 dB under it, or reach 35 dB where there is none.
    """
    first = _decode(exact, codes, noise_seed=0)
    again = _decode(exact, codes, noise_seed=1)
    coarse = _decode(quantized, codes, noise_seed=0)
    snr = ratio_db(first, coarse - first)
    if not exact.random:
        return snr, None, snr >= _EXACT_SNR_DB
    variation = ratio_db(first, again - first)
    return snr, variation, snr >= min(variation + _MARGIN_DB, _EXACT_SNR_DB)


def level_db(decoder: Decoder, *, codes: int = 0) -> float:
    """Return the RMS level for random latents in dBFS, after the first frames."""
    audio = np.zeros((decoder.rows, decoder.ratio), np.float32)
    active = [True] * decoder.rows
    total = 0.0
    count = decoder.rows * LATENT_CHANNELS
    for frame, row in enumerate(latents(count, 2 * _FRAMES, seed=2, codes=codes)):
        z = row.reshape(decoder.rows, LATENT_CHANNELS)
        decoder.decode(z, active, audio)
        if frame >= _FRAMES:
            total += float(np.mean(np.square(audio, dtype=np.float64)))
    for row in range(decoder.rows):
        decoder.reset(row)
    return 10 * float(np.log10(total / _FRAMES + 1e-20))


def time_per_frame(decoder: Decoder) -> float:
    """Return the median time of one frame of all rows, in ms."""
    z = np.zeros((decoder.rows, LATENT_CHANNELS), np.float32)
    audio = np.zeros((decoder.rows, decoder.ratio), np.float32)
    active = [True] * decoder.rows
    times: list[float] = []
    for _ in range(_FRAMES):
        start = time.perf_counter()
        decoder.decode(z, active, audio)
        times.append(time.perf_counter() - start)
    for row in range(decoder.rows):
        decoder.reset(row)
    return 1e3 * float(np.median(times))


def _decode(decoder: OnnxDecoder, codes: int, *, noise_seed: int) -> NDArray[np.float64]:
    random = np.random.default_rng(noise_seed)
    decoder.reset(0)
    frames: list[NDArray[np.float32]] = []
    for z in latents(decoder.latents, _FRAMES, seed=3, codes=codes):
        noises = [_random(random, kind, shape) for kind, shape in decoder.runtime.noise_inputs]
        frames.append(decoder.run(z, noises)[0].copy())
    decoder.reset(0)
    return np.concatenate(frames).astype(np.float64)


def _random(random: np.random.Generator, kind: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    if kind == "normal":
        return random.standard_normal((1, *shape)).astype(np.float32)
    low = -1.0 if kind == "symmetric" else 0.0
    return random.uniform(low, 1.0, (1, *shape)).astype(np.float32)


def ratio_db(signal: NDArray[np.float64], error: NDArray[np.float64]) -> float:
    """Return how far `error` lies under `signal`, in dB of mean squares."""
    return 10 * float(np.log10((np.mean(signal**2) + 1e-20) / (np.mean(error**2) + 1e-20)))
