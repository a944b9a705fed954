"""Train a spectral decoder on, its encoder frozen: sharper partials on the same latents.

Together with the encoder the decoder learns to bear uncertain latents, which blurs its partials.
Alone it hears the encoder's means, nearly, and is judged frame by frame by its loud bins too, so
that every chord counts alike however loud it is.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.training.features import CompactAxis
from models.training.progress import Average, Run, learning_rate
from models.training.spectral import LATENTS, SpectralVAE, frames, loud_limit


@dataclass(frozen=True)
class RefinementRecipe:
    """Sizes of a refinement; `blur` is the share of the encoder's uncertainty that is heard."""

    steps: int = 20_000
    batch: int = 256
    rate: float = 1e-3
    blur: float = 0.3
    convergence: float = 2.0
    guard: float = 0.1
    seed: int = 0


def loss_terms(
    network: SpectralVAE, code: Tensor, wanted: Tensor, limit: Tensor, width: Tensor
) -> dict[str, Tensor]:
    """Return the terms of one batch: latents (frames, 8) and m (frames, compact).

    level: weighted log distance; convergence: relative squared magnitude error of each frame;
    guard: how far latents at random get louder than the loud frames of the corpus.
    """
    made = network.decode_compact(code)
    weight = 1.0 + 2.0 * torch.sigmoid(wanted - 4.2)
    ours, theirs = torch.expm1(made.clamp(max=12.0)), torch.expm1(wanted)
    error = ((ours - theirs).square() * width).sum(-1)
    power = (theirs.square() * width).sum(-1)
    reach = torch.tensor([3.0, 8.0]).repeat(16).unsqueeze(1)
    strange = network.decode_compact((2.0 * torch.rand(32, LATENTS) - 1.0) * reach)
    loud = (torch.expm1(strange.clamp(max=14.0)).square() * width).sum(-1).clamp_min(1.0)
    return {
        "level": (weight * (made - wanted).abs()).mean(),
        "convergence": torch.sqrt(error / (power + 1.0) + 1e-6).mean(),
        "guard": functional.relu(torch.log(loud) - limit).mean(),
    }


def train(
    audio: Tensor, network: SpectralVAE, recipe: RefinementRecipe, checkpoint: Path | None = None
) -> tuple[SpectralVAE, Run]:
    """Train the decoder of a network on audio (samples,); return the network and the run."""
    torch.manual_seed(recipe.seed)
    dice = torch.Generator().manual_seed(recipe.seed)
    axis = CompactAxis()
    heard, wanted, power = frames(audio, axis)
    limit = loud_limit(power)
    means, spreads = codes(network, heard)
    learnt = list(network.decoder[:-2].parameters())
    for parameter in learnt:
        parameter.requires_grad_(True)
    decoder = network.decoder.train()
    optimizer = torch.optim.AdamW(learnt, recipe.rate)
    average = Average(decoder)
    run = Run("refinement", recipe.steps, checkpoint)
    run.resume(decoder, optimizer, average, dice)
    for step in run.loop(lambda: run.save(decoder, optimizer, average, dice)):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, recipe.steps, recipe.rate, 200, 0.2)
        pick = torch.randint(len(means), (recipe.batch,), generator=dice)
        code = means[pick] + recipe.blur * spreads[pick] * torch.randn(recipe.batch, LATENTS)
        terms = loss_terms(network, code, wanted[pick].float(), limit, axis.width)
        loss = (
            terms["level"]
            + recipe.convergence * terms["convergence"]
            + recipe.guard * terms["guard"]
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(learnt, 1.0)
        optimizer.step()
        average.update(decoder, step)
        run.note(loss)
    decoder.load_state_dict(average.state)
    return network.eval().requires_grad_(False), run


@torch.no_grad()
def codes(network: SpectralVAE, heard: Tensor) -> tuple[Tensor, Tensor]:
    """Return means and standard deviations (frames, 8) of the latents of m (frames, compact)."""
    parts = [network.encode_compact(part.float()) for part in heard.split(8192)]
    means, log_variances = (torch.cat(column) for column in zip(*parts, strict=True))
    return means, torch.exp(0.5 * log_variances)
