"""One family from audio to files: trained, exported, measured, described."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from models.training import (
    corpus,
    encoding,
    export_spectral,
    export_waveform,
    measure,
    pages,
    pictures,
    record,
    spectral,
    waveform,
)
from models.training.encoder import EncoderV2
from models.training.features import magnitudes
from models.training.generator import GeneratorV2
from models.training.metrics import in_key, report
from models.training.progress import Run, console
from models.training.recipes import Recipe
from models.training.spectral import SpectralVAE

Record = dict[str, Any]


@dataclass(frozen=True)
class Family:
    """A recipe, the folder its models go to, the folder of its checkpoints, its soundfont."""

    recipe: Recipe
    out: Path
    work: Path
    font: Path

    def with_waveform_steps(self, steps: int) -> "Family":
        """Return the same family with another length of waveform training."""
        recipe = replace(self.recipe, waveform=replace(self.recipe.waveform, steps=steps))
        return replace(self, recipe=recipe)

    def make(self, audio: Tensor, held_out: Tensor, train: bool = True) -> None:
        """Make the models from audio (samples,) and describe them by held-out audio (samples,)."""
        recipe = self.recipe
        heard = recipe.spectral if train else replace(recipe.spectral, steps=0)
        network, run = spectral.train(audio, heard, self.work / "spectral.pt")
        self._spectral(network, run, held_out)
        for engine, (plays, hears) in recipe.waveforms().items():
            shape = plays.shape
            latents = network.latents(audio, shape.ratio, waveform.lead(shape.ratio))
            prefix = "" if engine == "wave" else f"{engine}-"
            played = waveform.train(
                audio,
                latents,
                plays if train else replace(plays, steps=0),
                self.work / f"{prefix}waveform.pt",
            )
            heard = encoding.train(
                audio,
                network,
                hears if train else replace(hears, steps=0),
                self.work / f"{prefix}encoder.pt",
            )
            self._waveform(engine, played, heard, network, held_out)

    def path(self, engine: str) -> Path:
        """Return where a model's TorchScript file goes."""
        model = f"{self.recipe.family}-{engine}"
        return self.out / model / f"{model}.ts"

    def _spectral(self, network: SpectralVAE, run: Run, held_out: Tensor) -> None:
        path = self.path("spectral")
        gain = export_spectral.export(network, path)
        latents = network.latents(held_out)
        size = _count(network.decoder)
        facts = self._facts(path, gain, record.training(run, self.recipe.spectral.seed, size))
        figures = spectral.held_out(network, held_out)
        facts["held_out"] = figures | measure.reconstruction(path, latents, held_out)
        noisy = export_spectral.resynthesis(magnitudes(held_out))
        facts["random_phase_limit"] = report(held_out, noisy) | {"in_key": self._in_key(noisy)}
        self._describe(facts, "spectral", latents, held_out)

    def _waveform(
        self,
        engine: str,
        played: tuple[GeneratorV2, Run],
        heard: tuple[EncoderV2, Run],
        teacher: SpectralVAE,
        held_out: Tensor,
    ) -> None:
        """Export and describe one waveform model and its encoder."""
        (network, run), (encoder, listened) = played, heard
        plays, hears = self.recipe.waveforms()[engine]
        path, ratio = self.path(engine), plays.shape.ratio
        gain = export_waveform.export((encoder, hears.shape), network, plays.shape, path)
        latents = teacher.latents(held_out, ratio, waveform.lead(ratio))
        facts = self._facts(path, gain, record.training(run, plays.seed, _count(network)))
        facts["encoder"] = (
            record.training(listened, hears.seed, _count(encoder))
            | encoding.held_out(encoder, teacher, held_out, ratio)
            | measure.through(path, held_out, encoding.DELAY)
        )
        facts["held_out"] = measure.reconstruction(path, latents, held_out)
        self._describe(facts, engine, latents, held_out)

    def _facts(self, path: Path, gain: float, training: Record) -> Record:
        head = {"model": path.stem, "family": self.recipe.family, "licence": "MIT"}
        origin = record.provenance(self.recipe, self.font)
        return head | origin | {"training": training, "export": record.exported(path, gain)}

    def _in_key(self, audio: Tensor) -> float:
        plays = corpus.FAMILIES[self.recipe.family]
        return in_key(audio, plays.root, plays.scale)

    def _describe(self, facts: Record, engine: str, latents: Tensor, held_out: Tensor) -> None:
        """Measure the exported file, write its record and page, draw its pictures."""
        path = self.path(engine)
        facts["other_segment"] = report(held_out, held_out.roll(len(held_out) // 2))
        facts["original_in_key"] = self._in_key(held_out)
        facts["behaviour"] = measure.behaviour(path, self.recipe.family)
        facts["latent_effect_db"] = measure.per_latent(path, latents)
        facts = record.rounded(facts)
        record.write(facts, path.parent / "training.yaml")
        pages.write(facts, self.recipe, engine, path.parent / "README.md")
        try:
            pictures.reconstruction(path, latents, held_out, path.parent / "reconstruction.png")
            pictures.sweep(path, _lively(latents), path.parent / "latents.png")
        except ImportError:
            console.print("matplotlib is not installed: no pictures")
        found = facts["held_out"]
        console.print(
            f"{path.stem}: log-mel {found['log_mel_db']} dB, msl2 {found['msl2']}, "
            f"chroma {found['chroma']}"
        )


def _lively(latents: Tensor) -> Tensor:
    """Return the frame (8,) nearest to the median distance from the centre."""
    size = latents.norm(dim=0)
    return latents[:, int((size - size.median()).abs().argmin())]


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
