"""`neural-synth render`: the instrument into a file, offline, the same every time."""

import time
from pathlib import Path

import click
import numpy as np
import soundfile
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from appliance.cli.settings import (
    begin_with,
    config_option,
    configuration,
    open_library,
    preset_option,
    set_option,
)
from appliance.engine.instrument import Instrument
from appliance.engine.offline import take_input
from appliance.errors import AudioError
from appliance.plots.latents import sound_chart

_SHOWN_SECONDS = 30.0
_SUBTYPES = {".wav": "PCM_24", ".flac": "PCM_24"}


@click.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--seconds", type=click.FloatRange(0.01, 86400), default=10.0, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**16 - 1), default=0, help="Of all random numbers.")
@click.option("--period", type=click.IntRange(16, 8192), help="Frames per block.")
@click.option("--input", "heard", type=click.Path(path_type=Path), help="Audio for the encoder.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw latents and spectrogram of the first 30 s as PNG.",
)
@config_option
@preset_option
@set_option
def render(
    out: Path,
    seconds: float,
    seed: int,
    period: int | None,
    heard: Path | None,
    plot: Path | None,
    config_path: Path | None,
    preset: str | None,
    settings: tuple[str, ...],
) -> None:
    """Render the instrument into OUT (.wav or .flac), faster than real time.

    The same preset, settings and seed give the same file, bit by bit, for any period.
    """
    if out.suffix.lower() not in _SUBTYPES:
        raise AudioError(f"{out} cannot be written: its name must end in .wav or .flac.")
    config, _ = configuration(config_path)
    instrument = Instrument(config, open_library(config), seed=seed)
    name = begin_with(instrument, config, preset, settings)
    if heard is not None:
        take_input(instrument, heard)
        instrument.values.set("/encoder/file/play", True)
    instrument.settle()
    total = round(seconds * instrument.rate)
    block: NDArray[np.float32] = np.zeros((2, period or config.audio.period), np.float32)
    shown = round(_SHOWN_SECONDS * instrument.rate) if plot is not None else 0
    latents: list[NDArray[np.float64]] = []
    sound: list[NDArray[np.float32]] = []
    begun = time.monotonic()
    peak = power = 0.0
    partial = out.with_name(f".{out.name}.partial")
    try:
        with (
            soundfile.SoundFile(
                partial,
                "w",
                instrument.rate,
                2,
                _SUBTYPES[out.suffix.lower()],
                format=out.suffix[1:].upper(),
            ) as file,
            _bar() as bar,
        ):
            task = bar.add_task("rendering", total=total)
            for start in range(0, total, block.shape[1]):
                part = block[:, : min(block.shape[1], total - start)]
                instrument.render(part)
                if start < shown:
                    latents.append(instrument.z.copy())
                    sound.append(part.sum(axis=0))
                file.write(part.T)
                peak = max(peak, float(np.abs(part).max()))
                power += float(np.sum(np.square(part, dtype=np.float64)))
                bar.advance(task, part.shape[1])
        partial.replace(out)
    except (OSError, soundfile.LibsndfileError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AudioError(
            f"{out} cannot be written ({reason}). Choose another place or free some space."
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    took = time.monotonic() - begun
    if plot is not None:
        picture = sound_chart(np.stack(latents, -1), np.concatenate(sound), instrument.rate, name)
        picture.save(plot)
    click.echo(
        f"{out}: {seconds:g} s at {instrument.rate} Hz, RMS {_db(power / (2 * total)):.1f} dBFS, "
        f"peak {_db(peak**2):.1f} dBFS, {seconds / took:.1f} times real time"
    )


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _db(power: float) -> float:
    return 10 * float(np.log10(power + 1e-20))
