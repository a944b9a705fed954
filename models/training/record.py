"""The record of a training, `training.yaml`: rendered, trained and measured what, by what."""

import datetime
import hashlib
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from models.training.corpus import SAMPLE_RATE, needs_font
from models.training.progress import Run, write_atomically
from models.training.recipes import Recipe
from models.training.soundfont import FONT, font_sha256

Record = dict[str, Any]

FILE = "training.yaml"


def provenance(recipe: Recipe, font: Path = FONT) -> Record:
    """Return what can be known before training: corpus, font, machine, versions, date, command."""
    origin: Record = {"synthesis": "models/training/modal.py"}
    programs: Record = {}
    if needs_font(recipe.family):
        origin = {
            "font": font.name,
            "font_sha256": font_sha256(font),
            "font_licence": "MIT",
        }
        programs = {name: _package(name) for name in ("fluidsynth", "fluid-soundfont-gm")}
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "command": f"python -m models.training {recipe.family}{recipe.options}",
        "machine": {"processor": _processor(), "cores": os.cpu_count(), "threads_used": 1},
        "corpus": {
            "family": recipe.family,
            "key": recipe.key,
            "seconds": recipe.corpus_seconds,
            "seed": recipe.corpus_seed,
            "held_out_seed": recipe.held_out_seed,
            "sample_rate": SAMPLE_RATE,
            **origin,
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "numpy", "scipy")},
            **programs,
        },
    }


def training(run: Run, seed: int, parameters: int) -> Record:
    """Return what a run cost and where its loss went."""
    return {
        "seed": seed,
        "steps": run.step,
        "cpu_seconds": round(run.cpu_seconds),
        "parameters": parameters,
        "loss_first_100_steps": round(run.losses[0], 4) if run.losses else None,
        "loss_last_100_steps": round(run.losses[-1], 4) if run.losses else None,
    }


def continued(before: Record, since: Record) -> Record:
    """Return the record of a run and of another that went on where its export stood."""
    return before | {
        "steps": before["steps"] + since["steps"],
        "cpu_seconds": before["cpu_seconds"] + since["cpu_seconds"],
        "loss_last_100_steps": since["loss_last_100_steps"],
        "went_on_at_step": before["steps"],
    }


def read(path: Path) -> Record:
    """Return a record that was written."""
    return yaml.safe_load(path.read_text("utf-8"))


def exported(path: Path, gain: float) -> Record:
    """Return size and hash of an exported file, and the gain folded into it."""
    content = path.read_bytes()
    return {
        "file": path.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "output_gain": round(gain, 4),
    }


def rounded(value: Any, digits: int = 3) -> Any:  # noqa: ANN401 (nested figures)
    """Return figures, nested as they are, rounded for reading."""
    if isinstance(value, dict):
        return {name: rounded(part, digits) for name, part in value.items()}
    if isinstance(value, list):
        return [rounded(part, digits) for part in value]
    if isinstance(value, float):
        return float(f"{value:.2g}") if abs(value) < 10**-digits else round(value, digits)
    return value


def write(record: Record, path: Path) -> None:
    """Write a record as YAML, keys in the order given."""
    text = yaml.safe_dump(record, sort_keys=False, allow_unicode=True, width=100)
    write_atomically(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def _processor() -> str:
    """Return the processor's name, or the architecture where the system does not tell."""
    source = Path("/proc/cpuinfo")
    lines = source.read_text(encoding="utf-8").splitlines() if source.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _package(name: str) -> str:
    """Return a Debian package's version, or "unknown"."""
    try:
        query = ["dpkg-query", "-W", "-f", "${Version}", name]  # a fixed command line
        done = subprocess.run(query, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"
