"""Hold a shipped model against its bars, on music of its family that it never heard."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from appliance.errors import ModelError
from models.training import corpus, encoding, measure
from models.training.bars import Kind, Verdict, judge
from models.training.export_spectral import resynthesis
from models.training.features import SAMPLE_RATE, magnitudes
from models.training.metrics import explained, in_key, report
from models.training.recipes import RECIPES
from models.training.record import rounded
from models.training.shipped import Shipped, folder_megabytes
from models.training.spectra import latent_spread, spectral_error

DECODED_SECONDS = 24.0
"""How much of the music is decoded and compared; the rest serves what needs many phrases."""

DIGITS = 4


@dataclass(frozen=True)
class Music:
    """Held-out music of one family, float32 (samples,), shared by its models' evaluations."""

    samples: Tensor

    @cached_property
    def decoded(self) -> Tensor:
        """The part that is decoded and compared."""
        return self.samples[: round(DECODED_SECONDS * SAMPLE_RATE)]

    @cached_property
    def chance(self) -> dict[str, float]:
        """What another moment of the same music would score."""
        return report(self.decoded, self.decoded.roll(len(self.decoded) // 2))


@dataclass(frozen=True)
class Evaluation:
    """All figures of one model.

    `chance` is what another moment of the same music would score, `limit` what random phases on
    the original's own magnitudes score, `behaviour` what random latents of six kinds sound like,
    `latent_effect_db` how far each latent moves the spectrum; `seconds` of music, of its decoded
    part and of latents without a pause.
    """

    model: str
    kind: Kind
    percussive: bool
    precision: str
    seconds: tuple[float, float, float]
    figures: dict[str, float]
    chance: dict[str, float]
    limit: dict[str, float]
    behaviour: dict[str, dict[str, float]]
    latent_effect_db: list[float]

    @property
    def verdicts(self) -> list[Verdict]:
        """Each bar with its figure."""
        return judge(self.figures, self.kind, self.percussive)

    @property
    def missed(self) -> list[str]:
        """The figures that do not reach their bars."""
        return [verdict.bar.figure for verdict in self.verdicts if not verdict.met]

    def record(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return asdict(self) | {"seconds": list(self.seconds), "missed": self.missed}


def held_out(family: str, scratch: Path) -> Music:
    """Return music of a family from the seed that no training hears.

    Raises ModelError in one sentence where it cannot be rendered.
    """
    try:
        recipe = RECIPES[family]
        music = corpus.render(family, recipe.held_out_seconds, recipe.held_out_seed, scratch)
        return Music(torch.from_numpy(np.asarray(music)))
    except corpus.CorpusError as error:
        raise ModelError(
            f"The music to evaluate {family} models with is missing: {error}"
        ) from None


@torch.no_grad()
def evaluate(
    shipped: Shipped,
    music: Music,
    endurance_seconds: float,
    progress: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Return every figure of a model on held-out music and whether its bars are met.

    `progress` hears each step.
    """
    recipe, source = RECIPES[shipped.facts["family"]], corpus.FAMILIES[shipped.facts["family"]]
    ratio, key = shipped.card.ratio, (source.root, source.scale)
    audio, limit = music.decoded, {}
    progress("encoding and decoding music")
    latents = shipped.latents(audio)
    figures = report(audio, shipped.decode(latents))
    figures["contrast_excess_db"] = figures["contrast_db"] * (1.0 - 1.0 / figures["contrast_ratio"])
    figures["original_in_key"] = in_key(audio, *key)
    if shipped.kind == "spectral":
        figures |= spectral_error(shipped.script, music.samples)
        noisy = resynthesis(magnitudes(audio))
        limit = report(audio, noisy) | {"in_key": in_key(noisy, *key)}
    if shipped.kind == "waveform":
        figures |= ears(shipped, audio)
    progress("measuring the latents")
    figures |= latent_spread(shipped.encoder, music.samples)
    effect = measure.per_latent(shipped.decode, ratio, latents)
    progress("playing random latents")
    behaviour = measure.behaviour(shipped.decode, ratio, *key)
    progress("playing without a pause")
    long = measure.endurance(shipped.decode, ratio, endurance_seconds)
    figures |= safety(behaviour, long)
    figures |= {
        "latent_effect_smallest_db": min(effect),
        "latent_effect_largest_share": max(effect) / sum(effect),
        "block_error": shipped.block_error(),
        "file_mb_largest": shipped.megabytes(),
        "factory_mb": folder_megabytes(shipped.folder.parent),
    }
    return Evaluation(
        model=shipped.name,
        kind=shipped.kind,
        percussive=recipe.percussive,
        precision=shipped.card.precision,
        seconds=(len(music.samples) / SAMPLE_RATE, len(audio) / SAMPLE_RATE, endurance_seconds),
        # judged as they are written, so that a page and its verdicts cannot disagree
        figures=rounded(figures, DIGITS),
        chance=music.chance,
        limit=limit,
        behaviour=behaviour,
        latent_effect_db=effect,
    )


def ears(shipped: Shipped, audio: Tensor) -> dict[str, float]:
    """Return how well a waveform model's own encoder hears audio (samples,).

    `encoder_explained` is the share of the variance of the latents that it was taught, on average
    and of the worst; the rest compares audio with its way through encoder and decoder.
    """
    code = shipped.heard(audio)
    if code is None:
        return {}
    wanted = shipped.latents(audio, encoding.DELAY)[:, : code.shape[1]]
    share = explained(code[:, 8:], wanted[:, 8:])  # the first frames have no past
    made = shipped.decode(code)[encoding.DELAY :]
    return {
        "encoder_explained": float(share.mean()),
        "encoder_explained_least": float(share.min()),
        **{f"encoder_{name}": value for name, value in report(audio, made).items()},
    }


def safety(behaviour: dict[str, dict[str, float]], long: dict[str, float]) -> dict[str, float]:
    """Return the worst over all kinds of latents, the long run among them."""
    every = [*behaviour.values(), long]
    normal = [behaviour[kind] for kind in ("normal", "normal_held")]
    return {
        "finite": min(found["finite"] for found in every),
        # numpy's max keeps a NaN that Python's may drop
        "peak_largest": float(np.max([found["peak"] for found in every])),
        "dc_largest": float(np.max([found["dc"] for found in every])),
        "normal_level_dbfs": behaviour["normal"]["level_dbfs"],
        "level_span_db": max(found["span_db"] for found in normal),
        "dead_share": max(found["dead_share"] for found in normal),
        "normal_in_key": behaviour["normal"]["in_key"],
        "held_in_key": behaviour["normal_held"]["in_key"],
    }
