"""Exports every configuration of the published RAVE package and imports all of them."""

import subprocess
import sys
import tempfile
from pathlib import Path

import click

from appliance.errors import ModelError
from appliance.machine import describe
from tests.conformance.examination import Examined, examine

CONFIGURATIONS = {
    "v1": "v1", "v1-causal": "v1+causal", "onnx": "onnx", "raspberry": "raspberry",
    "raspberry-causal": "raspberry+causal", "v2": "v2", "v2-causal": "v2+causal",
    "v2-noise": "v2+noise", "v2-wasserstein": "v2+wasserstein", "v2-spherical": "v2+spherical",
    "v2-hybrid": "v2+hybrid", "v2-snake": "v2+snake", "v2-adain": "v2+adain",
    "v2-small": "v2_small", "v2-small-causal": "v2_small+causal", "v3": "v3",
    "v3-causal": "v3+causal",
    "v2-nopqmf": "v2_nopqmf", "v2-nopqmf-small": "v2_nopqmf_small",
    "v2-with-augs": "v2_with_augs", "v2-descript": "v2+descript_discriminator",
    "v2-spectral": "v2+spectral_discriminator", "v2-ambient": "v2+normalize_ambient",
    "discrete": "discrete", "discrete-v3": "discrete_v3",
    "v2-stereo": "v2 channels=2", "v2-two-channel": "v2 model_channels=2",
    "v2-resampled": "v2 model_rate=24000 export_rate=48000", "v2-offline": "v2 streaming=no",
    "v1-offline": "v1 streaming=no", "discrete-offline": "discrete streaming=no",
}  # fmt: skip
"""Name to configuration files and options; each at a small capacity."""

FULL = {"v1-full": "v1", "v2-full": "v2", "v2-causal-full": "v2+causal",
        "v2-small-full": "v2_small", "raspberry-full": "raspberry"}  # fmt: skip
"""The same at the size that players have."""

_CAPACITY = 16
_PACKAGES = (
    ["torch==2.13.0"],
    ["--no-deps", "acids-rave==2.3.1", "pytorch-lightning==1.9.0", "udls", "nn-tilde"],
    ["numpy", "scipy", "einops", "gin-config", "cached-conv", "scikit-learn", "GPUtil", "lmdb",
     "librosa", "absl-py", "PyYAML", "tqdm", "lightning-utilities", "torchmetrics", "tensorboard",
     "flask", "requests", "setuptools<81", "fsspec", "packaging"],
)  # fmt: skip
_READY = ".complete"


@click.command()
@click.argument("names", nargs=-1)
@click.option(
    "--environment",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path.home() / ".cache" / "neural-synth" / "rave",
    show_default=True,
    help="Where the package lives, apart from this project; made on first use.",
)
@click.option(
    "--exports",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/conformance"),
    show_default=True,
    help="Folder of the exported files; those that are there are used.",
)
@click.option("--full/--small", default=True, help="Also at full size.")
def genuine(names: tuple[str, ...], environment: Path, exports: Path, *, full: bool) -> None:
    """Export and import the configurations NAMES, or all; exit 1 if one is not as it must be."""
    every = CONFIGURATIONS | (FULL if full else {})
    if unknown := set(names) - set(every):
        raise click.UsageError(f"Unknown: {', '.join(unknown)}. Known: {', '.join(every)}.")
    exports.mkdir(parents=True, exist_ok=True)
    click.echo(describe())
    click.echo(f"{'':18}{'family':10}{'TorchScript':>12}{'chunks':>9}{'seam':>6}  precision")
    bad = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name in names or every:
            try:
                path = _exported(name, every[name], environment, exports)
                examined = examine(path, Path(scratch))
            except (ModelError, click.ClickException) as error:
                click.echo(f"{name:18}{error}")
                bad += 1
                continue
            click.echo(f"{name:18}{_line(examined)}")
            bad += bool(examined.faults)
    click.echo(f"{len(names or every) - bad} of {len(names or every)} as they must be")
    sys.exit(1 if bad else 0)


def _exported(name: str, wanted: str, environment: Path, exports: Path) -> Path:
    path = exports / f"{name}.ts"
    if path.exists():
        return path
    config, *options = wanted.split()
    if name not in FULL:
        options.append(f"capacity={_CAPACITY}")
    script = str(Path(__file__).with_name("upstream.py"))
    unfinished = path.with_suffix(".part.ts")
    command = [str(_prepared(environment)), script, config, str(unfinished), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason"])[-1]
        raise click.ClickException(f"the package cannot export it ({reason[:100]})")
    unfinished.rename(path)
    return path


def _prepared(environment: Path) -> Path:
    """Return the environment's interpreter, made on first use."""
    python = environment / "bin" / "python"
    if not (environment / _READY).exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        for packages in _PACKAGES:
            subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], check=True)
        (environment / _READY).touch()
    return python


def _line(examined: Examined) -> str:
    card = examined.card
    variant = card.variants[card.precision]
    chunks = "" if examined.chunks is None else f"{examined.chunks:.0e}"
    snr = "" if variant.snr_db is None else f" {variant.snr_db:.0f} dB, mel {variant.mel_db} dB"
    own = "none" if card.variation_db is None else f"{card.variation_db:.0f} dB"
    text = (
        f"{card.family:10}{examined.error:12.1e}{chunks:>9}{examined.seam:6.2f}  "
        f"{card.precision}{snr} (own variation {own}), {variant.ms_per_frame:.2f} ms"
    )
    return text + "".join(f"\n{'':18}NOT: {fault}" for fault in examined.faults)
