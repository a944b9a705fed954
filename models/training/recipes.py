"""What makes a family of models: its corpus, its trainings, the words on its pages."""

from dataclasses import dataclass, field, replace

from models.training.encoder import EncoderShape
from models.training.encoding import EncodingRecipe
from models.training.generator import Shape
from models.training.prior import PriorRecipe, PriorShape
from models.training.spectral import SpectralRecipe
from models.training.waveform import Phase, WaveformRecipe

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

Waveform = tuple[WaveformRecipe, EncodingRecipe]  # a decoder and the encoder that goes with it

# The last phase: what random latents sound like counts too, partials are clear by then.
RESTRAINED = Phase(3000, rate=9e-4, decay_from=0.0, overshoot=2.5, relaxed=2.5, restraint=0.3)
_DEEP = ((1, 3, 9), (1, 3, 9), (1, 3, 9), (1, 3, 9))
# A short frame for playing live input, like BRAVE's: 256 samples.
LIVE = (
    WaveformRecipe(
        phases=(
            Phase(5500),
            Phase(3000, rate=9e-4, decay_from=0.0),
            replace(RESTRAINED, steps=3500, relaxed=1.5),
        ),
        frames=128,
        settle=16,
        noise_db=(0.0, 1.0),
        shape=Shape(widths=(128, 96, 64, 48, 32), ratios=(2, 2, 2, 2), dilations=_DEEP),
    ),
    EncodingRecipe(frames=96, settle=24, shape=EncoderShape(ratios=(2, 2, 2, 2), dilations=_DEEP)),
)


@dataclass(frozen=True)
class Recipe:
    """One family: corpus lengths in seconds, seeds, its trainings, how it sounds."""

    family: str
    corpus_seconds: float
    spectral: SpectralRecipe
    waveform: WaveformRecipe
    title: str
    key: str
    sound: str
    encoding: EncodingRecipe = field(default_factory=EncodingRecipe)
    live: Waveform | None = None
    prior: PriorRecipe = field(default_factory=PriorRecipe)
    credits: str = FONT_CREDIT
    percussive: bool = False
    corpus_seed: int = 1
    held_out_seed: int = 999
    held_out_seconds: float = 180.0
    endurance_seconds: float = 600.0
    options: str = ""

    def waveforms(self) -> dict[str, Waveform]:
        """Return the waveform models by the end of their name."""
        made = {"wave": (self.waveform, self.encoding)}
        return made if self.live is None else made | {"live": self.live}

    def quick(self) -> "Recipe":
        """Return the same family at a size that trains in seconds: for tests, not to be shipped."""
        small = Shape(widths=(32, 24, 16, 16, 16), dilations=((1,), (1, 3), (1, 3), (1, 3)))
        ears = EncoderShape(widths=(16, 16, 16, 24, 32), dilations=((1,), (1, 3), (1, 3), (1, 3)))
        return replace(
            self,
            options=" --quick",
            corpus_seconds=90.0,
            held_out_seconds=20.0,
            endurance_seconds=20.0,
            spectral=replace(self.spectral, steps=200),
            waveform=replace(self.waveform, phases=(Phase(30),), batch=2, frames=16, shape=small),
            encoding=replace(self.encoding, steps=30, batch=2, frames=12, shape=ears),
            prior=PriorRecipe(
                steps=40, batch=4, shape=PriorShape(width=16, dilations=(1, 4, 16, 1))
            ),
            live=self.live and self._quick_live(small, ears),
        )

    def _quick_live(self, small: Shape, ears: EncoderShape) -> Waveform:
        """Return a short-framed pair of tiny networks."""
        ratios = (2, 2, 2, 2)
        shape, hears = replace(small, ratios=ratios), replace(ears, ratios=ratios)
        return (
            replace(LIVE[0], phases=(Phase(10),), batch=2, frames=64, settle=8, shape=shape),
            replace(LIVE[1], steps=10, batch=2, frames=48, settle=8, shape=hears),
        )


RECIPES = {
    "choir": Recipe(
        family="choir",
        corpus_seconds=3600.0,
        spectral=SpectralRecipe(),
        waveform=WaveformRecipe(),
        live=LIVE,
        prior=PriorRecipe(steps=17_000),
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
        waveform=WaveformRecipe(
            # bells settle late: the rate is warmed up twice more
            phases=(
                Phase(11_000, relaxed=3.0),
                Phase(4500, rate=9e-4, decay_from=0.0, relaxed=4.0),
                Phase(2000, rate=4.5e-4, decay_from=0.0, overshoot=2.5, relaxed=2.5),
                RESTRAINED,
                replace(RESTRAINED, steps=600, rate=4e-4, restraint=1.0),
            ),
            noise_db=(-7.5, -2.5),
        ),
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
