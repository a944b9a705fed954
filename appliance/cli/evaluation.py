"""`neural-synth models evaluate`: a factory model against its bars, as a table and pictures."""

import json
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from appliance.cli.settings import config_option, configuration, open_library
from appliance.errors import ModelError
from appliance.priors import prior_names

if TYPE_CHECKING:
    from models.training.evaluation import Evaluation
    from models.training.prior_evaluation import PriorEvaluation


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print figures and verdicts as JSON.")
@click.option(
    "--pictures",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for spectrograms: the reconstruction, each latent swept.",
)
@click.option(
    "--endurance",
    type=click.FloatRange(1.0, 86400.0),
    default=600.0,
    show_default=True,
    help="Seconds of random latents without a pause.",
)
@config_option
def evaluate(
    name: str,
    *,
    as_json: bool,
    pictures: Path | None,
    endurance: float,
    config_path: Path | None,
) -> None:
    """Measure the model or prior NAME on music of its family that it never heard.

    Renders the music, plays it and random latents through the model, and shows every figure with
    its bar, missed ones as missed. Needs the source checkout that trains models.
    """
    _check_checkout()
    from models.training import evaluation, publication  # noqa: PLC0415
    from models.training.shipped import Shipped  # noqa: PLC0415

    config, _ = configuration(config_path)
    library = open_library(config)
    status = Console(stderr=True)
    prior = prior_names(library).get(name)
    if prior is not None and prior.name == name:
        found = _evaluate_prior(prior, pictures, status)
        _print(found, as_json, _prior_summary(found, pictures))
        return
    shipped = Shipped(library.folder(name))
    family = str(shipped.facts["family"])
    with (
        status.status(f"{name}: rendering music") as line,
        tempfile.TemporaryDirectory() as scratch,
    ):

        def tell(step: str) -> None:
            line.update(f"{name}: {step}")

        music = evaluation.held_out(family, Path(scratch))
        found = evaluation.evaluate(shipped, music, endurance, tell)
        if pictures is not None:
            tell("drawing")
            publication.draw(shipped, music, pictures)
    _print(found, as_json, _summary(found, pictures))


def _evaluate_prior(folder: Path, pictures: Path | None, status: Console) -> "PriorEvaluation":
    from models.training import evaluation, prior_evaluation, prior_publication  # noqa: PLC0415

    shipped = prior_evaluation.ShippedPrior(folder)
    family = str(shipped.facts["corpus"]["family"])
    with (
        status.status(f"{folder.name}: rendering music") as line,
        tempfile.TemporaryDirectory() as scratch,
    ):
        music = evaluation.held_out(family, Path(scratch))
        line.update(f"{folder.name}: making latents up")
        found = prior_evaluation.evaluate(shipped, music)
        if pictures is not None:
            prior_publication.draw(shipped, music, pictures)
    return found


def _print(found: "Evaluation | PriorEvaluation", as_json: bool, summary: list[str]) -> None:
    if as_json:
        click.echo(json.dumps(_content(found), indent=2))
    else:
        Console().print(_table(found))
        for sentence in summary:
            click.echo(sentence)


def _check_checkout() -> None:
    """Raise ModelError where the trainer, or what it needs, is not there."""
    if find_spec("models") is None or find_spec("models.training") is None:
        raise ModelError(
            "Evaluating needs a source checkout: the music and the bars belong to the training "
            "code in models/, which is no part of the installed package. Install the checkout with "
            "'pip install -e .[models,training]'."
        )
    if missing := [name for name in ("torch", "onnx") if find_spec(name) is None]:
        raise ModelError(
            f"Evaluating needs {' and '.join(missing)}. Install with "
            "'pip install -e .[models,training]'."
        )


def _table(found: "Evaluation | PriorEvaluation") -> Table:
    precision = getattr(found, "precision", "fp32")
    table = Table("figure", "value", "bar", "", title=f"{found.model} ({precision})")
    for verdict in found.verdicts:
        word = "[green]met[/]" if verdict.met else "[bold red]missed[/]"
        table.add_row(verdict.bar.words, verdict.shown, verdict.bar.rule, word)
    return table


def _summary(found: "Evaluation", pictures: Path | None) -> list[str]:
    music, decoded, endured = found.seconds
    lines = [
        f"{music:.0f} s of held-out music, {decoded:.0f} s of it decoded; {endured:.0f} s of "
        "random latents without a pause.",
        f"{len(found.verdicts)} bars, {len(found.missed)} missed.",
    ]
    if "encoder_explained" in found.figures:
        share = 100 * found.figures["encoder_explained"]
        lines.append(f"Its own encoder explains {share:.0f} % of the latents' variance.")
    return lines if pictures is None else [*lines, f"Pictures are in {pictures}."]


def _prior_summary(found: "PriorEvaluation", pictures: Path | None) -> list[str]:
    music, made = found.seconds
    lines = [
        f"{made:.0f} s made up, {music:.0f} s of held-out music.",
        f"{len(found.verdicts)} bars, {len(found.missed)} missed.",
    ]
    return lines if pictures is None else [*lines, f"The picture is in {pictures}."]


def _content(found: "Evaluation | PriorEvaluation") -> Mapping[str, object]:
    bars = [
        {
            "figure": verdict.bar.figure,
            "value": verdict.value,
            "least": verdict.bar.least,
            "most": verdict.bar.most,
            "met": verdict.met,
        }
        for verdict in found.verdicts
    ]
    return found.record() | {"bars": bars}
