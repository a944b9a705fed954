"""What a shipped model has to reach, figure by figure."""

import math
from dataclasses import dataclass
from typing import Literal

Kind = Literal["spectral", "waveform", "prior"]

MEGABYTE = 1e6


@dataclass(frozen=True)
class Bar:
    """A figure that may be no lower than `least` and no higher than `most`, in its own unit."""

    figure: str
    words: str
    least: float | None = None
    most: float | None = None
    form: str = "{:.2f}"

    def met(self, value: float) -> bool:
        """Return whether a value reaches the bar; what is not a number does not."""
        low = -math.inf if self.least is None else self.least
        high = math.inf if self.most is None else self.most
        return math.isfinite(value) and low <= value <= high

    @property
    def rule(self) -> str:
        """The bar in words, such as "<= 0.36"."""
        if self.least is None:
            return f"<= {self.form.format(self.most)}"
        if self.most is None:
            return f">= {self.form.format(self.least)}"
        return f"{self.form.format(self.least)} to {self.form.format(self.most)}"


@dataclass(frozen=True)
class Verdict:
    """A bar and the figure found."""

    bar: Bar
    value: float

    @property
    def met(self) -> bool:
        """Whether the figure reaches the bar."""
        return self.bar.met(self.value)

    @property
    def shown(self) -> str:
        """The figure as text, as exactly as the bar."""
        return self.bar.form.format(self.value)


_SPECTRUM = (
    Bar("spectrum_to_mean", "log-spectral error to that of the mean frame", most=0.60),
    Bar("spectrum_to_other", "log-spectral error to that of another moment", most=0.45),
    Bar("spectrum_to_pca8", "log-spectral error to that of 8 principal axes", most=0.85),
)
_CONTRAST = Bar("contrast_excess_db", "partials over floor, dB over the original's", -2.0, 5.0)
_TONAL = (
    Bar("log_mel_db", "log-mel distance, dB", most=5.0),
    Bar("centroid_corr", "brightness follows (correlation)", 0.85),
    Bar("chroma", "harmony follows (chroma cosine)", 0.88),
    Bar("level_corr", "loudness follows (correlation)", 0.85),
    _CONTRAST,
)
_PERCUSSIVE = (
    Bar("log_mel_db", "log-mel distance, dB", most=9.0),
    Bar("centroid_corr", "brightness follows (correlation)", 0.82),
    Bar("chroma", "harmony follows (chroma cosine)", 0.78),
    _CONTRAST,
)
_WAVEFORM = (
    Bar("msl2", "relative squared spectral error, five scales", most=0.36),
    Bar("mslog", "log spectral error, nepers", most=0.80),
    Bar("log_mel_db", "log-mel distance, dB", most=6.0),
    Bar("centroid_corr", "brightness follows (correlation)", 0.80),
    Bar("chroma", "harmony follows (chroma cosine)", 0.83),
    Bar("contrast_ratio", "partials over floor, share of the original's", 0.88),
)
_LATENTS = (
    Bar("latent_kl_smallest", "least telling latent, nats", 0.5),
    Bar("latent_mean", "mean of the latents, size over all 8", most=0.2),
    Bar("latent_std_smallest", "narrowest latent, standard deviation", 0.5),
    Bar("latent_std_largest", "widest latent, standard deviation", most=1.5),
    Bar("latent_effect_smallest_db", "least audible latent, -1.5 to +1.5, dB", 2.5),
    Bar("latent_effect_largest_share", "most audible latent, share of all 8", most=0.60),
)
_FILES = (
    Bar("file_mb_largest", "largest file, MB", most=16.0, form="{:.1f}"),
    Bar("factory_mb", "all models together, MB", most=60.0, form="{:.1f}"),
)
_SAFETY = (
    Bar("finite", "all samples finite, whatever the latents", 1.0, form="{:.0f}"),
    Bar("peak_largest", "highest peak, whatever the latents", most=1.0),
    Bar("dc_largest", "largest DC, whatever the latents", most=0.003, form="{:.4f}"),
    Bar("normal_level_dbfs", "level of N(0, 1) latents, dBFS", -24.0, -14.0, "{:.1f}"),
    Bar("level_span_db", "span of levels, p1 to p99, dB", most=45.0, form="{:.1f}"),
    Bar("dead_share", "share of moments under -45 dBFS", most=0.05),
    Bar("normal_in_key", "energy in key, N(0, 1) every frame", 0.80),
    Bar("held_in_key", "energy in key, N(0, 1) held for 1 s", 0.80),
    Bar("block_error", "frame by frame against all at once", most=1e-4, form="{:.0e}"),
    *_FILES,
)
_PRIOR = (
    Bar("flow_loss", "flow on held-out music, squared error of 2", most=0.60, form="{:.3f}"),
    Bar("lag_16_apart", "correlation over 16 points, off that of music by", most=0.06),
    Bar("step_kurtosis", "steps are sudden, kurtosis (normal: 3)", 6.0, form="{:.1f}"),
    Bar("neighbour_ratio", "distance to what was heard, to that of music", most=1.25),
    Bar("joint_ratio", "steps where windows meet, to other steps", most=2.0),
    *_FILES,
)


def bars(kind: Kind, percussive: bool) -> tuple[Bar, ...]:
    """Return the bars of a kind of model; struck families have wider spectral ones."""
    if kind == "prior":
        return _PRIOR
    if kind == "waveform":
        return (*_WAVEFORM, *_LATENTS, *_SAFETY)
    return (*_SPECTRUM, *(_PERCUSSIVE if percussive else _TONAL), *_LATENTS, *_SAFETY)


def judge(figures: dict[str, float], kind: Kind, percussive: bool) -> list[Verdict]:
    """Return each bar with its figure; a figure that is missing is not a number."""
    return [Verdict(bar, figures.get(bar.figure, math.nan)) for bar in bars(kind, percussive)]
