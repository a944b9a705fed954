"""One family from audio to files: trained, exported, recorded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from models.training import (
    encoding,
    export_spectral,
    export_waveform,
    prior,
    prior_publication,
    publication,
    record,
    restoring,
    spectral,
    waveform,
)
from models.training.encoder import EncoderV2
from models.training.generator import GeneratorV2
from models.training.prior import PriorRecipe
from models.training.progress import Run
from models.training.recipes import Recipe
from models.training.spectral import SpectralVAE

Record = dict[str, Any]


class Mode(Enum):
    """Train from nothing or from checkpoints; go on from exported models; export checkpoints."""

    ANEW = "anew"
    FURTHER = "further"
    AS_IT_IS = "as it is"


@dataclass(frozen=True)
class Family:
    """A recipe, the folder its models go to, the folder of its checkpoints, its soundfont."""

    recipe: Recipe
    out: Path
    work: Path
    font: Path

    def make(self, audio: Tensor, mode: Mode = Mode.ANEW, engines: Sequence[str] = ()) -> list[str]:
        """Make models of the family from audio (samples,); return the ends of their names.

        `engines` names the ends of those to make; none means all. Without "spectral" the others
        learn on the latents of the spectral model that is already there.
        """
        recipe = self.recipe
        wanted = engines or self.engines()
        train = mode is not Mode.AS_IT_IS
        if "spectral" in wanted and mode is not Mode.FURTHER:
            heard = recipe.spectral if train else replace(recipe.spectral, steps=0)
            network, run = spectral.train(audio, heard, self.work / "spectral.pt")
            self._spectral(network, run)
        else:
            network = restoring.spectral(self.path("spectral"))
            if "spectral" in wanted:
                self._spectral(network, None)
        for engine in recipe.waveforms():
            if engine in wanted:
                self._play(engine, network, audio, mode)
        if "prior" in wanted and mode is not Mode.FURTHER:
            self._prior(network, audio, recipe.prior if train else replace(recipe.prior, steps=0))
        left_out = "prior" if mode is Mode.FURTHER else ""
        return [end for end in self.engines() if end in wanted and end != left_out]

    def _play(self, engine: str, network: SpectralVAE, audio: Tensor, mode: Mode) -> None:
        """Train and export one waveform model and its encoder."""
        plays, hears = self.recipe.waveforms()[engine]
        ratio, prefix = plays.shape.ratio, "" if engine == "wave" else f"{engine}-"
        latents = network.latents(audio, ratio, waveform.lead(ratio))
        if mode is Mode.FURTHER:
            path = self.path(engine)
            begin = restoring.generator(path, plays.shape, plays.noise_db)
            last = replace(plays, phases=plays.restrained())
            kept = self.work / f"{prefix}further.pt"
            played = waveform.train(audio, latents, last, kept, begin=begin)
            self._waveform(engine, played, (restoring.encoder(path, hears.shape), None))
            return
        if mode is Mode.AS_IT_IS:
            plays, hears = replace(plays, phases=()), replace(hears, steps=0)
        played = waveform.train(audio, latents, plays, self.work / f"{prefix}waveform.pt")
        heard = encoding.train(audio, network, hears, self.work / f"{prefix}encoder.pt")
        self._waveform(engine, played, heard)

    def engines(self) -> tuple[str, ...]:
        """Return the ends of the names of all models of the family, the one to begin with first."""
        return ("spectral", *self.recipe.waveforms(), "prior")

    def path(self, engine: str) -> Path:
        """Return where a model's TorchScript file goes."""
        model = f"{self.recipe.family}-{engine}"
        return self.out / model / f"{model}.ts"

    def _spectral(self, network: SpectralVAE, run: Run | None) -> None:
        """Export the spectral model; without a run it is the one that was there."""
        path = self.path("spectral")
        before = record.read(path.parent / record.FILE) if run is None else {}
        gain = export_spectral.export(network, path)
        if run is not None:
            size = _count(network.decoder)
            before["training"] = record.training(run, self.recipe.spectral.seed, size)
        facts = {"training": before["training"]}
        self._write("spectral", facts, gain)

    def _waveform(
        self, engine: str, played: tuple[GeneratorV2, Run], heard: tuple[EncoderV2, Run | None]
    ) -> None:
        """Export one waveform model and its encoder; without a run, the encoder is the old one."""
        (network, run), (encoder, listened) = played, heard
        plays, hears = self.recipe.waveforms()[engine]
        gain = export_waveform.export(
            (encoder, hears.shape), network, plays.shape, self.path(engine)
        )
        trained = record.training(run, plays.seed, _count(network))
        if listened is None:
            before = record.read(self.path(engine).parent / record.FILE)
            facts = {
                "training": record.continued(before["training"], trained),
                "encoder": before["encoder"],
            }
        else:
            facts = {
                "training": trained,
                "encoder": record.training(listened, hears.seed, _count(encoder)),
            }
        self._write(engine, facts, gain)

    def _prior(self, network: SpectralVAE, audio: Tensor, recipe: PriorRecipe) -> None:
        """Train and export the prior of the family's latents."""
        latents = network.latents(audio, prior.RATIO, waveform.lead(prior.RATIO))
        standardised = prior.standardised(latents)
        flow, run = prior.train(standardised[0], recipe, self.work / "prior.pt")
        family = self.recipe.family
        facts = {
            "title": f"{self.recipe.title} prior",
            "models": [f"{family}-{end}" for end in self.engines() if end != "prior"],
            "licence": "MIT",
            "credits": publication.credits_of(self.recipe, self.font),
            **record.provenance(self.recipe, self.font),
            "training": record.training(run, recipe.seed, _count(flow)),
        }
        folder = self.out / f"{family}-prior"
        prior_publication.export(flow, recipe.shape, standardised, folder, facts)

    def _write(self, engine: str, trained: Record, gain: float) -> None:
        path = self.path(engine)
        head = {"model": path.stem, "family": self.recipe.family, "licence": "MIT"}
        origin = record.provenance(self.recipe, self.font)
        facts = head | origin | trained | {"export": record.exported(path, gain)}
        record.write(record.rounded(facts), path.parent / record.FILE)


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
