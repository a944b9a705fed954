"""Write a model's page, `README.md`: what it is, how it sounds, its figures, its credits."""

from pathlib import Path
from typing import Any

from models.training.features import SAMPLE_RATE
from models.training.progress import write_atomically
from models.training.recipes import Recipe

Record = dict[str, Any]

_ENGINES = {
    "spectral": (
        "A spectral decoder of the vschaos2 kind: every 512 samples (11.6 ms) it turns 8 latents "
        "into one spectrum of 1025 magnitudes, gives them random phases and adds the frame to the "
        "sound. It has no memory, so it answers at once and its texture shimmers. It also encodes "
        "audio to latents."
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

_FIGURES = (
    ("msl2", "relative squared spectral error, five scales", "{:.2f}"),
    ("mslog", "log spectral error, nepers", "{:.2f}"),
    ("log_mel_db", "log-mel distance, dB", "{:.1f}"),
    ("centroid_corr", "brightness follows (correlation)", "{:.2f}"),
    ("level_corr", "loudness follows (correlation)", "{:.2f}"),
    ("chroma", "harmony follows (chroma cosine)", "{:.2f}"),
    ("contrast_ratio", "partials over floor, share of the original's", "{:.2f}"),
)

_KINDS = {
    "normal": "N(0, 1) at random, every frame",
    "uniform_3": "-3 to +3 at random, every frame",
    "extreme_8": "-8 or +8 at random, every frame",
    "zeros": "all zero",
    "normal_held": "N(0, 1), held for 1 s each",
    "extreme_8_held": "-8 or +8, held for 1 s each",
}


def write(record: Record, recipe: Recipe, engine: str, path: Path) -> None:
    """Write the page of one model from its training record."""
    text = "\n".join(_page(record, recipe, engine))
    write_atomically(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def _page(record: Record, recipe: Recipe, engine: str) -> list[str]:
    name, training, corpus = record["model"], record["training"], record["corpus"]
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
        "8 stay finite and under full scale.",
        "",
        "![each latent swept](latents.png)",
        "",
        "| latent | " + " | ".join(str(place + 1) for place in range(8)) + " |",
        "|---|" + "---|" * 8,
        "| -1.5 to +1.5 moves the log-mel spectrum by, dB | "
        + " | ".join(f"{value:.1f}" for value in record["latent_effect_db"])
        + " |",
        "",
        "## Held-out figures",
        "",
        f"{corpus['held_out_seconds']:.0f} s of the same family from another seed, encoded and "
        "decoded, both at equal loudness.",
        "",
        "| figure | this model | another moment of the same music |",
        "|---|---|---|",
        *_figures(record),
        "",
        "| latents | level, dBFS | peak | DC | energy in key |",
        "|---|---|---|---|---|",
        *(_behaviour(_KINDS[kind], found) for kind, found in record["behaviour"].items()),
        "",
        f"The original has {100 * record['original_in_key']:.0f} % of its energy in key, "
        "evenly spread noise 42 %.",
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
    found = record["encoder"]
    return [
        f"- The encoder: {found['parameters']:,} parameters, {found['steps']:,} steps, "
        f"{found['cpu_seconds']:,} CPU seconds; it explains {100 * found['explained']:.0f} % of "
        f"the latents' variance, of the worst {100 * found['explained_least']:.0f} %. Through "
        f"encoder and decoder the log-mel distance is {found['chain_log_mel_db']:.1f} dB, the "
        f"chroma cosine {found['chain_chroma']:.2f}."
    ]


def _source(record: Record) -> str:
    """Return where the corpus came from, in words."""
    corpus = record["corpus"]
    if "font" not in corpus:
        return f"synthesised by {corpus['synthesis']}"
    return f"rendered with fluidsynth {record['versions']['fluidsynth']} from {corpus['font']}"


def _figures(record: Record) -> list[str]:
    found, chance = record["held_out"], record["other_segment"]
    rows = [
        f"| {words} | {form.format(found[key])} | {form.format(chance[key])} |"
        for key, words, form in _FIGURES
    ]
    if "log_spectral_l1_db" in found:
        value, other = found["log_spectral_l1_db"], found["other_segment_l1_db"]
        rows.insert(0, f"| log-spectral distance before phases, dB | {value:.2f} | {other:.2f} |")
    return rows


def _behaviour(words: str, found: dict[str, float]) -> str:
    level, peak, offset, key = (found[name] for name in ("level_dbfs", "peak", "dc", "in_key"))
    return f"| {words} | {level:.1f} | {peak:.2f} | {offset:+.5f} | {100 * key:.0f} % |"


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
    limit = record["random_phase_limit"]
    return [
        "Random phases alone, on the original's own magnitudes, give a log-mel distance of "
        f"{limit['log_mel_db']:.1f} dB, chroma {limit['chroma']:.2f}, contrast "
        f"{limit['contrast_ratio']:.2f} and {100 * limit['in_key']:.0f} % in key: "
        "that part is the engine's sound, not the network's error.",
        "",
    ]
