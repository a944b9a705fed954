"""`neural-synth models`: import TorchScript models and list what there is."""

from collections import Counter
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from appliance.cli.bench import bench
from appliance.cli.evaluation import evaluate
from appliance.cli.settings import config_option, configuration, open_library
from appliance.cli.verify import verify
from appliance.decoders.card import Card, Variant
from appliance.decoders.catalogue import user_models
from appliance.decoders.planning import stored
from appliance.decoders.precision import Precision
from appliance.errors import ApplianceError, ModelError


@click.group()
def models() -> None:
    """Import, list, verify, time and evaluate models: decoders and, where there are, encoders."""


for command in (evaluate, verify, bench):
    models.add_command(command)


@models.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--name", help="Name to play it by; default: the file's.")
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), help="Folder to import into."
)
@click.option(
    "--precision",
    type=click.Choice(["auto", *(p.value for p in Precision)]),
    default="auto",
    show_default=True,
    help="How large matrices are stored; auto is the fastest mixture that sounds the same.",
)
@click.option("--codes", is_flag=True, help="Keep a discrete model's codes as its inlets.")
@click.option(
    "--projection",
    default="",
    metavar="AXES",
    help="Show a vschaos2 model's latents on the axes PCA, ICA or spherical.",
)
def import_(
    files: tuple[Path, ...],
    *,
    name: str | None,
    into: Path | None,
    precision: str,
    codes: bool,
    projection: str,
) -> None:
    """Import nn~ models (TorchScript FILES, .ts) so that they play fast."""
    try:
        from appliance.decoders.importer import import_model  # noqa: PLC0415
    except ImportError as error:
        raise ModelError(
            f"Importing needs torch and onnx ({error}). "
            "Install them with 'pip install neural-synth-appliance[models]'."
        ) from None
    if name and len(files) > 1:
        raise click.UsageError("--name goes with one file.")
    console = Console(stderr=True)
    failed: ApplianceError | None = None
    for file in files:
        try:
            with console.status(f"{file.name}") as line:
                card = import_model(
                    file,
                    into or user_models(),
                    name=name,
                    precision=precision,
                    codes=codes,
                    projection=projection,
                    progress=lambda step, f=file, s=line: s.update(f"{f.name}: {step}"),
                )
            click.echo(_summary(card))
        except ModelError as error:
            failed = error
            click.echo(f"Error: {error}", err=True)
    if failed is not None:
        raise SystemExit(failed.exit_code)


@models.command("list")
@config_option
def list_(config_path: Path | None) -> None:
    """List the models that can play."""
    config, _ = configuration(config_path)
    library = open_library(config)
    table = Table(
        "name", "family", "rate", "ratio", "latents", "plays", "ms/frame", "load", "SNR", "encodes"
    )
    notes: list[str] = []
    for name in library.names():
        try:
            card = library.card(name)
        except ModelError as error:
            notes.append(str(error))
            continue
        variant = card.variants[card.precision]
        load = variant.ms_per_frame * card.rate / (10 * card.ratio)
        snr = "" if variant.snr_db is None else f"{variant.snr_db:.0f} dB"
        table.add_row(
            name,
            card.family,
            str(card.rate),
            str(card.ratio),
            str(card.latents),
            card.precision,
            f"{variant.ms_per_frame:.2f}",
            f"{load:.1f} %",
            snr,
            _encodes(card),
        )
        notes.extend(f"{name}: {note}" for note in card.notes)
    Console().print(table)
    for note in notes:
        click.echo(note)


def _encodes(card: Card) -> str:
    """Return how a model encodes and how long a frame takes, or nothing if it does not."""
    if card.encoder is None:
        return ""
    variant = card.encoder.variants[card.encoder.precision]
    return f"{card.encoder.precision}, {variant.ms_per_frame:.2f} ms"


def _kinds(variant: Variant) -> str:
    """Return how many matrices are stored in which way."""
    kinds = Counter(stored(variant.matrices))
    return ", ".join(f"{count} x {kind}" for kind, count in kinds.most_common())


def _summary(card: Card) -> str:
    variant = card.variants[card.precision]
    lines = [
        f"{card.name}: {card.family}, {card.latents} latents, one frame per {card.ratio} samples "
        f"at {card.rate} Hz, {card.level_db:.0f} dBFS",
        f"  plays as {card.precision}, {variant.ms_per_frame:.2f} ms a frame on this machine",
    ]
    if card.verified is not None:
        lines.append(f"  equals TorchScript to {card.verified:.1e}")
    if variant.snr_db is not None:
        own = "none" if card.variation_db is None else f"{card.variation_db:.0f} dB"
        lines.append(
            f"  {variant.snr_db:.0f} dB over its error (own variation: {own}), "
            f"log-mel distance {variant.mel_db:.2f} dB, {_kinds(variant)}"
        )
    if card.encoder is not None:
        late = 1e3 * card.encoder.delay / card.rate
        lines.append(
            f"  encodes as {_encodes(card)} a frame, {late:.0f} ms late, "
            f"equals TorchScript to {card.encoder.verified:.1e}"
        )
    lines.extend(f"  {note}" for note in card.notes)
    return "\n".join(lines)
