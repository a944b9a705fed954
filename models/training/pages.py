"""Write a model's page, `README.md`: what it is, how it sounds, its figures, its credits."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.training.bars import Verdict, judge
from models.training.features import SAMPLE_RATE
from models.training.progress import write_atomically
from models.training.recipes import Recipe

Record = dict[str, Any]

_ENGINES = {
    "spectral": (
        "A spectral decoder of the vschaos2 kind: every 512 samples (11.6 ms) it turns 8 latents "
        "into one spectrum of 1025 magnitudes, lets their phases follow the peaks, at random where "
        "there is noise, and adds the frame to the sound. Its network has no memory, so it answers "
        "at once. With `/decoder/N/phase` at random, as in nn~, its texture shimmers instead. It "
        "also encodes audio to latents."
    ),
    "wave": (
        "A waveform decoder of the RAVE v2 kind: every 1024 samples (23.2 ms) it turns 8 latents "
        "into 16 sub-bands of sound with causal convolutions, plus a noise branch for breath. It "
        "has memory and steady phases, so partials stand out clearly. It also encodes audio to "
        "latents, 11.6 ms behind the sound."
    ),
    "live": (
        "A waveform decoder with short frames, for playing it by live sound: every 256 samples "
        "(5.8 ms) it turns 8 latents into 16 sub-bands of sound with causal convolutions, plus a "
        "noise branch for breath. Its encoder is as quick, 11.6 ms behind the sound."
    ),
}

_KINDS = {
    "normal": "N(0, 1) at random, every frame",
    "uniform_3": "-3 to +3 at random, every frame",
    "extreme_8": "-8 or +8 at random, every frame",
    "zeros": "all zero",
    "normal_held": "N(0, 1), held for 1 s each",
    "extreme_8_held": "-8 or +8, held for 1 s each",
}


def write(record: Record, recipe: Recipe, path: Path) -> None:
    """Write the page of one model from its training record."""
    text = "\n".join(_page(record, recipe))
    write_atomically(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def write_overview(evaluations: Mapping[str, Record], path: Path) -> None:
    """Write the table of all models and priors by name: bars met, and which are missed."""
    lines = [
        "# Factory models",
        "",
        "What each reaches of its bars, from the records beside it. `neural-synth models evaluate "
        "NAME` measures again.",
        "",
        "| model | bars met | missed |",
        "|---|---|---|",
    ]
    for name, found in sorted(evaluations.items()):
        verdicts = judge(
            found["figures"], found.get("kind", "prior"), found.get("percussive", False)
        )
        missed = [f"{v.bar.words} ({v.shown}, bar {v.bar.rule})" for v in verdicts if not v.met]
        met = f"{len(verdicts) - len(missed)} of {len(verdicts)}"
        lines.append(f"| [{name}]({name}/README.md) | {met} | {'; '.join(missed) or 'none'} |")
    text = "\n".join([*lines, ""])
    write_atomically(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def _page(record: Record, recipe: Recipe) -> list[str]:
    name, training, corpus = record["model"], record["training"], record["corpus"]
    found, engine = record["evaluation"], record["model"].rpartition("-")[2]
    others = [end for end in ("spectral", *recipe.waveforms()) if end != engine]
    shared = " and ".join(f"`{recipe.family}-{other}`" for other in others)
    return [
        f"# {name}",
        "",
        _ENGINES[engine],
        "",
        "## Sound",
        "",
        recipe.sound,
        "",
        "![original and decoded](reconstruction.png)",
        "",
        "## Latents",
        "",
        f"Eight, shared with {shared}: the same gesture plays them all, so they "
        "can be layered and crossfaded. Over the corpus each has mean 0 and standard deviation 1, "
        "the most telling first; -2 to +2 covers nearly all of the learnt sound, and values out to "
        "8 stay finite.",
        "",
        "![each latent swept](latents.png)",
        "",
        "| latent | " + " | ".join(str(place + 1) for place in range(8)) + " |",
        "|---|" + "---|" * 8,
        "| -1.5 to +1.5 moves the log-mel spectrum by, dB | "
        + " | ".join(f"{value:.1f}" for value in found["latent_effect_db"])
        + " |",
        "",
        "## Figures",
        "",
        f"Measured on the graphs that the instrument plays ({found['precision']}), with "
        f"{found['seconds'][1]:.0f} of {found['seconds'][0]:.0f} s of the same family from another "
        "seed, encoded and decoded, both at equal loudness. `neural-synth models evaluate "
        f"{name}` measures them again.",
        "",
        _missed(found),
        "",
        "| figure | this model | bar | | another moment of the same music |",
        "|---|---|---|---|---|",
        *(_row(verdict, found["chance"]) for verdict in _verdicts(found)),
        "",
        "| latents | level, dBFS | peak | DC | energy in key |",
        "|---|---|---|---|---|",
        *(_behaviour(_KINDS[kind], heard) for kind, heard in found["behaviour"].items()),
        "",
        f"The original has {100 * found['figures']['original_in_key']:.0f} % of its energy in key, "
        f"evenly spread noise 42 %. {found['seconds'][2] / 60:.0f} minutes of latents without a "
        "pause are among what finite, peak and DC are taken from.",
        "",
        *_notes(record, recipe, engine),
        "## Training",
        "",
        f"- {training['parameters']:,} parameters in the decoder, {training['steps']:,} steps, "
        f"{training['cpu_seconds']:,} CPU seconds on one thread of a "
        f"{record['machine']['processor']}, {record['date']}.",
        *_encoder(record),
        f"- `{record['command']}`, torch {record['versions']['torch']}, seed {training['seed']}.",
        f"- Corpus: {corpus['seconds'] / 60:.0f} minutes in {corpus['key']}, {_source(record)}, "
        f"seed {corpus['seed']}; held out: seed {corpus['held_out_seed']}. The audio is rebuilt "
        "from these and not stored.",
        "- All figures: `training.yaml`.",
        "",
        "## Licence and credits",
        "",
        "The model is published under the MIT licence, like the project.",
        "",
        recipe.credits,
        "",
    ]


def _encoder(record: Record) -> list[str]:
    """Return what the encoder of a waveform model cost and how well it hears."""
    if "encoder" not in record:
        return []
    cost, found = record["encoder"], record["evaluation"]["figures"]
    return [
        f"- The encoder: {cost['parameters']:,} parameters, {cost['steps']:,} steps, "
        f"{cost['cpu_seconds']:,} CPU seconds; it explains "
        f"{100 * found['encoder_explained']:.0f} % of the latents' variance, of the worst "
        f"{100 * found['encoder_explained_least']:.0f} %. Through encoder and decoder the log-mel "
        f"distance is {found['encoder_log_mel_db']:.1f} dB, the chroma cosine "
        f"{found['encoder_chroma']:.2f}."
    ]


def _source(record: Record) -> str:
    """Return where the corpus came from, in words."""
    corpus = record["corpus"]
    if "font" not in corpus:
        return f"synthesised by {corpus['synthesis']}"
    return f"rendered with fluidsynth {record['versions']['fluidsynth']} from {corpus['font']}"


def _verdicts(found: Record) -> list[Verdict]:
    """Return the verdicts of an evaluation as it was recorded."""
    return judge(found["figures"], found["kind"], found["percussive"])


def _missed(found: Record) -> str:
    missed = [verdict.bar.words for verdict in _verdicts(found) if not verdict.met]
    if not missed:
        return "Every bar is met."
    return f"Missed, {len(missed)} of {len(_verdicts(found))}: {'; '.join(missed)}."


def _row(verdict: Verdict, chance: dict[str, float]) -> str:
    bar = verdict.bar
    other = bar.form.format(chance[bar.figure]) if bar.figure in chance else ""
    word = "met" if verdict.met else "**missed**"
    return f"| {bar.words} | {verdict.shown} | {bar.rule} | {word} | {other} |"


def _behaviour(words: str, found: dict[str, float]) -> str:
    level, peak, offset, key = (found[name] for name in ("level_dbfs", "peak", "dc", "in_key"))
    return f"| {words} | {level:.1f} | {peak:.2f} | {offset:.5f} | {100 * key:.0f} % |"


def _notes(record: Record, recipe: Recipe, engine: str) -> list[str]:
    if engine != "spectral":
        rate = SAMPLE_RATE / recipe.waveforms()[engine][0].shape.ratio
        return [
            "Latents that stand still make a nearly periodic sound at the frame rate: partials "
            f"then sit on multiples of {rate:.0f} Hz, up to {rate / 2:.0f} Hz from where they "
            "belong. Moving "
            "latents, as those of real sound are, free them. A little noise on the latents, part "
            "of the model, keeps held sounds moving and lets two decoders of one gesture differ.",
            "",
        ]
    limit = record["evaluation"]["limit"]
    return [
        "Random phases, on the original's own magnitudes, would give a log-mel distance of "
        f"{limit['log_mel_db']:.1f} dB, chroma {limit['chroma']:.2f}, contrast "
        f"{limit['contrast_ratio']:.2f} and {100 * limit['in_key']:.0f} % in key: "
        "that part is the engine's other sound, not the network's error. Latents that jump in "
        "every frame make each partial last for one frame, 46 ms, whose band is wider than a "
        "semitone under 500 Hz: their share in key cannot be as high as that of held ones.",
        "",
    ]
