"""From a trained prior to one that ships: graph, heard latents, card, page and picture."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from appliance.priors.card import CARD_FILE, FORMAT
from models.training import export_prior, pictures, prior_evaluation, record
from models.training.bars import judge
from models.training.evaluation import DIGITS, Music
from models.training.features import SAMPLE_RATE
from models.training.prior import RATIO, Flow, PriorShape
from models.training.prior_evaluation import HEARD_FILE, ShippedPrior
from models.training.progress import console, write_atomically
from models.training.recipes import Recipe

Record = dict[str, Any]

GRAPH_FILE = "prior.onnx"
PICTURE = "latents.png"
_HEARD = 4096  # points kept of the corpus


def export(
    network: Flow,
    shape: PriorShape,
    latents: tuple[Tensor, Tensor, Tensor],
    folder: Path,
    facts: Record,
) -> None:
    """Write graph, heard latents and card; `latents` are standardised, their mean and deviation.

    `facts` are the record of the training and what the card says beside the numbers.
    """
    known, mean, deviation = latents
    export_prior.export(network, shape, folder / GRAPH_FILE)
    places = torch.linspace(0, known.shape[1] - 1, min(_HEARD, known.shape[1])).long()
    heard = (known[:, places] * deviation + mean).numpy().astype(np.float16)
    write_atomically(folder / HEARD_FILE, lambda path: _save(path, heard))
    numbers = {
        "file": GRAPH_FILE,
        "rate": SAMPLE_RATE,
        "ratio": RATIO,
        "window": shape.window,
        "overlap": shape.overlap,
        "mean": [round(float(x), 5) for x in mean],
        "deviation": [round(float(x), 5) for x in deviation],
    }
    card = {"format": FORMAT, "name": folder.name} | facts | numbers
    record.write(card, folder / CARD_FILE)


def _save(path: Path, array: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, array)


def describe(folder: Path, music: Music, recipe: Recipe) -> None:
    """Evaluate a prior on held-out music; write its figures, page and picture."""
    shipped = ShippedPrior(folder)
    found = prior_evaluation.evaluate(shipped, music)
    kept = {name: value for name, value in shipped.facts.items() if name != "evaluation"}
    facts = kept | {"evaluation": record.rounded(found.record(), DIGITS)}
    record.write(facts, folder / CARD_FILE)
    text = "\n".join(_page(facts, recipe))
    write_atomically(folder / "README.md", lambda path: path.write_text(text, encoding="utf-8"))
    draw(shipped, music, folder)
    missed = ", ".join(found.missed) or "none"
    console.print(f"{folder.name}: {len(found.verdicts)} bars, missed: {missed}")


def draw(shipped: ShippedPrior, music: Music, folder: Path) -> None:
    """Draw made-up latents under those of held-out music, into a folder."""
    prior = shipped.prior
    points = round(24 * prior.points_per_second)
    theirs = shipped.latents(music)[:, :points]
    made = shipped.standardised(torch.from_numpy(prior.generate(points, 1)))
    try:
        pictures.gestures(theirs, made, prior.points_per_second, folder / PICTURE)
    except ImportError:
        console.print("matplotlib is not installed: no picture")


def _page(facts: Record, recipe: Recipe) -> list[str]:
    found, training, corpus = facts["evaluation"], facts["training"], facts["corpus"]
    verdicts = judge(found["figures"], "prior", False)
    missed = [verdict.bar.words for verdict in verdicts if not verdict.met]
    music, figures = found["music"], found["figures"]
    return [
        f"# {facts['name']}",
        "",
        "Makes up new latents for "
        + ", ".join(f"`{model}`" for model in facts["models"])
        + f": gestures like those of the {recipe.family} corpus, from a seed, or continuing "
        "latents that were played. A small network follows the flow from noise to latents, "
        f"{facts['window']} points ({facts['window'] * facts['ratio'] / facts['rate']:.1f} s) at "
        f"once, each {facts['ratio']} samples long; windows overlap by {facts['overlap']}, so that "
        "they go on without an end.",
        "",
        "```",
        f"neural-synth latents generate --model {facts['models'][0]} --seconds 60 --seed 7 out.npy",
        "```",
        "",
        "![latents of music, and made up](latents.png)",
        "",
        "## Figures",
        "",
        f"{found['seconds'][1]:.0f} s made up, against {found['seconds'][0]:.0f} s of music from "
        f"another seed. `neural-synth models evaluate {facts['name']}` measures them again.",
        "",
        f"Missed, {len(missed)} of {len(verdicts)}: {'; '.join(missed)}."
        if missed
        else "Every bar is met.",
        "",
        "| figure | this prior | bar | |",
        "|---|---|---|---|",
        *(
            f"| {v.bar.words} | {v.shown} | {v.bar.rule} | {'met' if v.met else '**missed**'} |"
            for v in verdicts
        ),
        "",
        "| correlation of points apart by | 1 | 4 | 16 |",
        "|---|---|---|---|",
        *(
            f"| {words} | "
            + " | ".join(f"{part[f'autocorrelation_{lag}']:.3f}" for lag in (1, 4, 16))
            + " |"
            for words, part in (("made up", figures), ("held-out music", music))
        ),
        "",
        f"The steps of held-out music have a kurtosis of {music['step_kurtosis']:.1f}.",
        "",
        "## Training",
        "",
        f"- {training['parameters']:,} parameters, {training['steps']:,} steps, "
        f"{training['cpu_seconds']:,} CPU seconds on one thread of a "
        f"{facts['machine']['processor']}, {facts['date']}.",
        f"- `{facts['command']}`, torch {facts['versions']['torch']}, seed {training['seed']}.",
        f"- Latents of {corpus['seconds'] / 60:.0f} minutes, seed {corpus['seed']}, by the encoder "
        f"of `{recipe.family}-spectral`; held out: seed {corpus['held_out_seed']}.",
        "",
        "## Licence and credits",
        "",
        "The prior is published under the MIT licence, like the project.",
        "",
        recipe.credits,
        "",
    ]
