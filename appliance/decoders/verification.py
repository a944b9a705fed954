"""Compares an imported decoder with its original."""

from pathlib import Path

import numpy as np
import torch

from appliance.decoders.contract import Contract, Model, silence
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.original_noise import drawn, whole_noises
from appliance.decoders.trials import trial_conditions, trial_latents
from appliance.errors import ModelError

_FRAMES = 24
_MEMORY_S = 1.5  # longer than any known decoder remembers
_PROBED = 4


def probe(model: Model, contract: Contract, path: Path) -> None:
    """Decode a few frames; raises ModelError if the file cannot do what its contract says."""
    latents = torch.randn(_PROBED, contract.latents, generator=torch.Generator().manual_seed(0))
    latents[0] = 0
    for z in latents:  # every label of a conditioned model at its first class
        labels = torch.zeros(len(contract.conditions))
        _probe_frame(model, contract, path, torch.cat([z, labels])[None, :, None])


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


def relative_error(
    model: Model,
    contract: Contract,
    decoder: OnnxDecoder,
    *,
    codes: int = 0,
    frames: int = _FRAMES,
) -> float:
    """Return max |difference| / max |sample| over `frames` with the same random numbers.

    The mean of the original's channels counts, or each, if the decoder gives each. The result is
    NaN if any sample is.
    """
    silence(model)
    worst = peak = 0.0
    decoder.reset(0)
    for frame, z in enumerate(trial_latents(contract.latents, frames, seed=1, codes=codes)):
        labels = trial_conditions(decoder.runtime.classes, frame)
        decoder.conditions[:] = labels
        inlets = np.append(z[0], labels[: len(contract.conditions)])[None, :, None]
        torch.manual_seed(frame)
        with torch.inference_mode():
            original = model.decode(torch.from_numpy(inlets))[0]
        torch.manual_seed(frame)
        noises = [drawn(kind, shape) for kind, shape in decoder.runtime.noise_inputs]
        sound, expected = decoder.run(z, noises)[0], original.mean(0).numpy()
        if decoder.channels > 1:
            sound, expected = decoder.heard[0], original.numpy()
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
    z = trial_latents(contract.latents, frames, seed=1, codes=codes)
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
