"""Train the waveform encoder to hear what the spectral encoder hears, with less delay.

The spectral encoder looks at a frame of 2048 samples around an instant; this one knows the past
only. Its target is the latents of `DELAY` samples ago, most of whose frame has been heard.
"""

from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from models.training.encoder import EncoderShape, EncoderV2
from models.training.features import HOP, N_FFT, magnitudes
from models.training.generator import SLOPE
from models.training.layers import PlainLayers
from models.training.pqmf import analyse
from models.training.progress import Average, Run, learning_rate
from models.training.spectral import LATENTS, SpectralVAE
from models.training.waveform import lead

BAND_LEVEL = 0.03  # RMS of a band of the corpus: -18 dBFS over 16 of them
DELAY = 512  # samples a latent lags behind what the decoder was taught


@dataclass(frozen=True)
class EncodingRecipe:
    """Sizes of an encoder training; `settle` frames at the start of a segment are not judged."""

    steps: int = 4000
    batch: int = 8
    frames: int = 24
    settle: int = 5
    rate: float = 2e-3
    gain: float = 0.7
    seed: int = 0
    shape: EncoderShape = field(default_factory=EncoderShape)


@torch.no_grad()
def targets(network: SpectralVAE, audio: Tensor, ratio: int) -> Tensor:
    """Return latents (batch, 8, blocks) of audio (batch, samples), `DELAY` late; frames per block.

    Blocks whose frames reach beyond the audio are left out at the end.
    """
    hop = min(ratio, HOP)
    each = ratio // hop
    rows: list[Tensor] = []
    for row in audio:
        padded = nn.functional.pad(row, (lead(ratio) + DELAY, 0))
        mean = network.encoder(torch.log1p(magnitudes(padded, hop)))[:, :LATENTS]
        count = len(mean) // each
        rows.append(mean[: count * each].reshape(count, each, LATENTS).mean(1).T)
    return torch.stack(rows)


def encoder(shape: EncoderShape) -> EncoderV2:
    """Return an untrained encoder whose layers keep the size of a signal at the corpus' level."""
    network = EncoderV2(PlainLayers(), shape)
    for part in network.modules():
        if isinstance(part, nn.Conv1d):
            nn.init.kaiming_normal_(part.weight, SLOPE)
    entry, code = network.net[0], network.net[-1]
    assert isinstance(entry, nn.Conv1d) and isinstance(code, nn.Conv1d)
    entry.weight.data.div_(BAND_LEVEL)
    code.weight.data.mul_(0.1)
    return network


def train(
    audio: Tensor, teacher: SpectralVAE, recipe: EncodingRecipe, checkpoint: Path | None = None
) -> tuple[EncoderV2, Run]:
    """Train on audio (samples,) against a frozen teacher; return the averaged network and run."""
    torch.manual_seed(recipe.seed)
    dice = torch.Generator().manual_seed(recipe.seed)
    ratio, length = recipe.shape.ratio, recipe.shape.ratio * recipe.frames
    network = encoder(recipe.shape)
    optimizer = torch.optim.AdamW(network.parameters(), recipe.rate)
    average = Average(network)
    run = Run("encoder", recipe.steps, checkpoint)
    run.resume(network, optimizer, average, dice)
    for _ in run.loop(lambda: run.save(network, optimizer, average, dice)):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(run.step, recipe.steps, recipe.rate, 100, 0.3)
        starts = torch.randint(len(audio) - length - N_FFT, (recipe.batch,), generator=dice)
        rows = [audio[start : start + length + N_FFT] for start in starts.tolist()]
        nepers = recipe.gain * (2.0 * torch.rand(recipe.batch, 1, generator=dice) - 1.0)
        heard = torch.stack(rows) * torch.exp(nepers)
        want = targets(teacher, heard, ratio)[..., recipe.settle : recipe.frames]
        code = network(analyse(heard[:, :length].unsqueeze(1)))[..., recipe.settle :]
        loss = (code[:, :LATENTS] - want).square().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        average.update(network, run.step)
        run.note(loss)
    network.load_state_dict(average.state)
    return network.eval().requires_grad_(False), run
