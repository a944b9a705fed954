"""The jam and the terrain as a Markdown page, from the tables the program uses."""

from appliance.jam.arrays import LARGEST, MIN_POINTS
from appliance.jam.commands import COMMANDS
from appliance.jam.edits import EDITS
from appliance.latent.clip import MAX_POINTS
from appliance.markdown import table
from appliance.parameters.table import JAMS
from appliance.terrain.chart import LEAST, MOST
from appliance.terrain.commands import COMMANDS as TERRAIN


def manual() -> str:
    """Return the page."""
    parts = [
        "# Jam and terrain",
        f"The jam has {JAMS} slots. Each plays eight latents from a clip of {MIN_POINTS} to "
        f"{MAX_POINTS} points, from -{LARGEST:g} to {LARGEST:g}, which is filled, read, recorded, "
        "encoded from sound or made up by a prior, and edited while it plays. Slots are summed "
        "through their gains, from each channel of the clip to each latent.",
        "A cursor moves by rate * speed / stretch points a second from start to end, where rate, "
        "speed and stretch are parameters; with a sync, what lies between start and end lasts so "
        "many beats at speed 1. `4-point` follows a curve through the four nearest points, "
        "`stepped` holds the one before. In a loop the points before the start are those at the "
        "end, so that the seam is as smooth as the rest.",
        "Recordings have a point for every 128 samples, so that each latent is kept as it was. "
        "`new` begins at the order and loops when it is switched off; `loop` goes round so many "
        "seconds and replaces; `overdub` adds.",
        "What has no name yet is saved at once in `latents/jam/` under a name of its contents, and "
        "the sound as it stands remembers that name: presets, their history and the last session "
        "find what they played. At the start those that none of them names are removed, except the "
        "200 newest of each folder and whatever is younger than a day. `/jam/save` gives it a name "
        "of its own.",
        "## Messages of the jam",
        _messages("jam", [(c.name, c.arguments, c.description) for c in COMMANDS]),
        "A slot is 1 to 8. What cannot be done is answered with `/error` and a sentence. NAME is a "
        "relative name such as `latents/breath.npy`, or a path.",
        "## Edits",
        "CHANNEL is 1 to 8, or 0 for all; points count from 0, and the last belongs to the range. "
        "Without a range the whole clip is meant; `freeze` then holds what sounds now.",
        table(
            ("edit", "numbers", "what it does"),
            [(f"`{e.name}`", f"`{e.arguments}`", e.description) for e in EDITS],
        ),
        "## Files",
        "`.npy`, or `.npz` with an array called `latents`: (8, T), (T, 8) or (1, 8, T), any real "
        "kind of number. RAVE-Latent-Diffusion's files are brought to deviation 1: give a scale.",
        "```sh\n"
        "neural-synth latents fill walk walk.npy --points 64 --seed 3\n"
        "neural-synth latents encode voice.wav voice.npy --model choir-wave\n"
        "neural-synth latents generate --model choir-wave --seconds 60 song.npy\n"
        "neural-synth latents info song.npy\n"
        "neural-synth latents edit song.npy calm.npy smooth 4\n"
        "neural-synth latents convert diffusion.npy song.npy --scale 1.7\n"
        "```",
        "## Terrain",
        f"A plane on which {LEAST} to {MOST} sounds lie: presets, by the mean of their latents "
        "over 8 seconds, latents or sound files. `/terrain/x` and `/terrain/y` choose a point; "
        "between the places latents are joined smoothly, each by its distance and own weight. "
        "Or a small network is trained on the places, in seconds, beside the sound; then circling "
        "a place plays how its sound moved.",
        _messages("terrain", [(c.name, c.arguments, c.description) for c in TERRAIN]),
        "Presets name the terrain's file as `/terrain/file`.",
    ]
    return "\n\n".join(parts) + "\n"


def _messages(part: str, rows: list[tuple[str, str, str]]) -> str:
    return table(
        ("message", "arguments", "effect"),
        [(f"`/{part}/{name}`", f"`{words}`" if words else "", said) for name, words, said in rows],
    )
