"""One family from audio to files: trained, exported, recorded."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from models.training import export_spectral, export_waveform, record, spectral, waveform
from models.training.generator import GeneratorV2
from models.training.progress import Run
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

    def make(self, audio: Tensor, train: bool = True) -> None:
        """Make both models from audio (samples,)."""
        recipe = self.recipe
        heard = recipe.spectral if train else replace(recipe.spectral, steps=0)
        network, run = spectral.train(audio, heard, self.work / "spectral.pt")
        self._spectral(network, run)
        played = recipe.waveform if train else replace(recipe.waveform, steps=0)
        latents = network.latents(audio, recipe.waveform.shape.ratio, waveform.LEAD)
        generator, run = waveform.train(audio, latents, played, self.work / "waveform.pt")
        self._waveform(generator, run)

    def path(self, engine: str) -> Path:
        """Return where a model's TorchScript file goes."""
        model = f"{self.recipe.family}-{engine}"
        return self.out / model / f"{model}.ts"

    def _spectral(self, network: SpectralVAE, run: Run) -> None:
        gain = export_spectral.export(network, self.path("spectral"))
        size = _count(network.decoder)
        self._write("spectral", record.training(run, self.recipe.spectral.seed, size), gain)

    def _waveform(self, network: GeneratorV2, run: Run) -> None:
        gain = export_waveform.export(network, self.recipe.waveform.shape, self.path("wave"))
        size = _count(network)
        self._write("wave", record.training(run, self.recipe.waveform.seed, size), gain)

    def _write(self, engine: str, training: Record, gain: float) -> None:
        path = self.path(engine)
        head = {"model": path.stem, "family": self.recipe.family, "licence": "MIT"}
        origin = record.provenance(self.recipe, self.font)
        facts = head | origin | {"training": training, "export": record.exported(path, gain)}
        record.write(record.rounded(facts), path.parent / record.FILE)


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
