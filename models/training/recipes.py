"""What makes a family of models: its corpus, its trainings, the words on its pages."""

from dataclasses import dataclass, replace

from models.training.generator import Shape
from models.training.spectral import SpectralRecipe
from models.training.waveform import WaveformRecipe

FONT_CREDIT = (
    "Rendered from FluidR3 GM by Frank Wen, MIT licence, copyright 2000-2002, 2008 Frank Wen; "
    "packaged by Toby Smithe. Contributors named by its README: Suren M. Seron, Scott Hanan, Steve "
    "Aupperle, Chris Gillman, Alex Taubr, Andrew Klenk, Winfried Hubbe, Dylan, Tim, Gort, Uros "
    "Katic, Ethan Winer."
)
OWN_CREDIT = (
    "No recording went into this model: its corpus is the project's own modal synthesis, "
    "`models/training/modal.py`. Nobody else is to be credited."
)


@dataclass(frozen=True)
class Recipe:
    """One family: corpus lengths in seconds, seeds, both trainings, how it sounds."""

    family: str
    corpus_seconds: float
    spectral: SpectralRecipe
    waveform: WaveformRecipe
    title: str
    key: str
    sound: str
    credits: str = FONT_CREDIT
    percussive: bool = False
    corpus_seed: int = 1
    held_out_seed: int = 999
    held_out_seconds: float = 240.0
    endurance_seconds: float = 600.0
    options: str = ""

    def quick(self) -> "Recipe":
        """Return the same family at a size that trains in seconds: for tests, not to be shipped."""
        small = Shape(widths=(32, 24, 16, 16, 16), dilations=((1,), (1, 3), (1, 3), (1, 3)))
        return replace(
            self,
            options=" --quick",
            corpus_seconds=90.0,
            held_out_seconds=20.0,
            endurance_seconds=20.0,
            spectral=replace(self.spectral, steps=200),
            waveform=replace(self.waveform, steps=30, batch=2, frames=16, shape=small),
        )


RECIPES = {
    "choir": Recipe(
        family="choir",
        corpus_seconds=3600.0,
        spectral=SpectralRecipe(),
        waveform=WaveformRecipe(),
        title="Choir",
        key="D minor pentatonic",
        sound=(
            "Choir aahs and oohs, synth voices, slow strings and warm pads, one to four notes at a "
            "time, all in D minor pentatonic. Every note of the corpus lies in that key, so "
            "latents lean to it wherever they are: slow gestures move between chords and vowels, "
            "fast ones turn into bowed and breathy textures."
        ),
    ),
    "metal": Recipe(
        family="metal",
        corpus_seconds=3600.0,
        spectral=SpectralRecipe(),
        waveform=WaveformRecipe(scales=(8192, 4096, 2048, 512, 128)),
        title="Metal",
        key="D minor pentatonic",
        sound=(
            "Bars, bells, bowls, plates and gongs, struck and bowed, their partials drawn to D "
            "minor pentatonic and doubled so that they beat. Slow gestures bow and swell; quick "
            "ones strike. Notes ring into each other, so most of the latents are chords of metal."
        ),
        credits=OWN_CREDIT,
        percussive=True,
    ),
    "reed": Recipe(
        family="reed",
        corpus_seconds=3600.0,
        spectral=SpectralRecipe(),
        waveform=WaveformRecipe(),
        title="Reed",
        key="D minor pentatonic",
        sound=(
            "Drawbar, church and reed organs, accordion, bandoneon, harmonica, oboe, cor anglais, "
            "bassoon and clarinet, one to three notes at a time, all in D minor pentatonic. Bright "
            "and steady where the choir is soft: slow gestures open and close the stops, fast ones "
            "turn into wheezing bellows."
        ),
    ),
}
