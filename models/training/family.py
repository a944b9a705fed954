"""One family from audio to files: trained, exported, recorded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from models.training import (
    encoding,
    export_spectral,
    export_waveform,
    record,
    restoring,
    spectral,
    waveform,
)
from models.training.encoder import EncoderV2
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

    def make(self, audio: Tensor, train: bool = True, engines: Sequence[str] = ()) -> list[str]:
        """Make models of the family from audio (samples,); return the ends of their names.

        `engines` names the ends of those to make; none means all. Without "spectral" the others
        learn on the latents of the spectral model that is already there.
        """
        recipe = self.recipe
        wanted = engines or self.engines()
        if "spectral" in wanted:
            heard = recipe.spectral if train else replace(recipe.spectral, steps=0)
            network, run = spectral.train(audio, heard, self.work / "spectral.pt")
            self._spectral(network, run)
        else:
            network = restoring.spectral(self.path("spectral"))
        for engine, (plays, hears) in recipe.waveforms().items():
            if engine not in wanted:
                continue
            shape = plays.shape
            latents = network.latents(audio, shape.ratio, waveform.lead(shape.ratio))
            prefix = "" if engine == "wave" else f"{engine}-"
            played = waveform.train(
                audio,
                latents,
                plays if train else replace(plays, phases=()),
                self.work / f"{prefix}waveform.pt",
            )
            heard = encoding.train(
                audio,
                network,
                hears if train else replace(hears, steps=0),
                self.work / f"{prefix}encoder.pt",
            )
            self._waveform(engine, played, heard)
        return [engine for engine in self.engines() if engine in wanted]

    def engines(self) -> tuple[str, ...]:
        """Return the ends of the names of all models of the family, the one to begin with first."""
        return ("spectral", *self.recipe.waveforms())

    def path(self, engine: str) -> Path:
        """Return where a model's TorchScript file goes."""
        model = f"{self.recipe.family}-{engine}"
        return self.out / model / f"{model}.ts"

    def _spectral(self, network: SpectralVAE, run: Run) -> None:
        gain = export_spectral.export(network, self.path("spectral"))
        size = _count(network.decoder)
        facts = {"training": record.training(run, self.recipe.spectral.seed, size)}
        self._write("spectral", facts, gain)

    def _waveform(
        self, engine: str, played: tuple[GeneratorV2, Run], heard: tuple[EncoderV2, Run]
    ) -> None:
        """Export one waveform model and its encoder."""
        (network, run), (encoder, listened) = played, heard
        plays, hears = self.recipe.waveforms()[engine]
        gain = export_waveform.export(
            (encoder, hears.shape), network, plays.shape, self.path(engine)
        )
        facts = {
            "training": record.training(run, plays.seed, _count(network)),
            "encoder": record.training(listened, hears.seed, _count(encoder)),
        }
        self._write(engine, facts, gain)

    def _write(self, engine: str, trained: Record, gain: float) -> None:
        path = self.path(engine)
        head = {"model": path.stem, "family": self.recipe.family, "licence": "MIT"}
        origin = record.provenance(self.recipe, self.font)
        facts = head | origin | trained | {"export": record.exported(path, gain)}
        record.write(record.rounded(facts), path.parent / record.FILE)


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
