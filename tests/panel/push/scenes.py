"""Moments of a performance, one for each page and state: for the pictures that tests compare."""

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from appliance.panel.push.events import PadPressed
from appliance.panel.push.pages import PAGES
from appliance.panel.state import DecoderState
from tests.panel.push.hands import Hands


def playing() -> Hands:
    """Return hands on an instrument that is in the middle of a piece."""
    hands = Hands()
    random = np.random.default_rng(5)
    for n in range(1, 9):
        hands.values.hear(f"/offset/{n}/value", round(float(random.uniform(-1, 1)), 2))
        hands.values.hear(f"/oscillators/{n}/waveform", float(n % 5))
        hands.values.hear(f"/oscillators/{n}/frequency", round(float(random.uniform(0, 3)) ** 3, 2))
        hands.values.hear(f"/oscillators/{n}/amplitude", round(float(random.uniform(0, 2)), 2))
        hands.values.hear(f"/noise/{n}/kind", float(n % 3))
        hands.values.hear(f"/noise/{n}/amplitude", round(float(random.uniform(0, 1.5)), 2))
        hands.values.hear(f"/jam/{n}/play", float(n in (1, 3)))
        for m in range(1, 9):
            hands.values.hear(f"/jam/1/route/{m}/{n}", float(random.choice([0, 0, 0, 1, -0.5])))
            hands.values.hear(f"/encoder/2/route/{m}/{n}", float(m == n))
        for slot in range(1, 5):
            gain = round(float(random.uniform(-2, 3)), 2)
            hands.values.hear(f"/decoder/{slot}/reshape/{n}", gain)
    for slot, (level, pan) in enumerate(((-6, -0.6), (-9.5, 0.6), (-3, -0.2), (-60, 0.2)), 1):
        hands.values.hear(f"/decoder/{slot}/level_db", level)
        hands.values.hear(f"/decoder/{slot}/pan", pan)
    hands.values.hear("/decoder/4/on", 0.0)
    hands.values.hear("/terrain/x", 0.3)
    hands.values.hear("/terrain/y", 0.7)
    hands.values.hear("/jam/1/start", 0.25)
    hands.values.hear("/jam/1/end", 0.75)
    latents = random.uniform(-0.9, 0.9, (6, 8))
    latents[3:] *= random.integers(0, 2, (3, 8))
    outline = np.abs(np.sin(np.arange(96) / 7) * np.sin(np.arange(96) / 31))
    places = ((0.2, 0.8, "First light"), (0.75, 0.6, "Glass"), (0.5, 0.15, "Rust"))
    hands.state = msgspec.structs.replace(
        hands.state,
        latents=tuple(tuple(float(v) for v in row) for row in latents),
        sections={
            "jam": {
                "slots": [
                    {"name": "dusk", "seconds": 12.4, "cursor": 0.41, "outline": outline.tolist()}
                ]
            },
            "terrain": {"places": [{"x": x, "y": y, "name": name} for x, y, name in places]},
        },
    )
    hands.surface.grip.facts = (("Network", "usb0 10.55.0.1"), ("Push", "Push 2, USB power only"))
    return hands


def wave() -> NDArray[np.float32]:
    """Return a moment of sound, float32 (2, 2048)."""
    time = np.arange(2048) / 44100
    sound = 0.5 * np.sin(2 * np.pi * 110 * time) + 0.2 * np.sin(2 * np.pi * 331 * time + 1)
    return np.stack((sound, 0.8 * sound)).astype(np.float32)


def _page(name: str, layer: int = 0) -> Callable[[Hands], None]:
    def go(hands: Hands) -> None:
        hands.surface.grip.page = name
        hands.surface.grip.layers[name] = layer

    return go


def _touching(hands: Hands) -> None:
    hands.press("upper_2")
    hands.touch(3)


def _held(hands: Hands) -> None:
    _page("presets")(hands)
    hands.do(PadPressed(11))


def _morphing(hands: Hands) -> None:
    _page("presets")(hands)
    hands.presets(state="morph", target=12, target_name="Rust", progress=0.62, edited=True)


def _in_trouble(hands: Hands) -> None:
    _page("mix")(hands)
    decoder = DecoderState(model="choir-wave", slots=(1, 2), load=0.86)
    engine = msgspec.structs.replace(hands.state.engine, late_frames=7)
    output = msgspec.structs.replace(hands.state.output, xruns=3)
    hands.state = msgspec.structs.replace(
        hands.state, decoders=(decoder,), engine=engine, output=output
    )
    hands.surface.grip.warnings = ("The Push has USB power only: plug in its power supply.",)


def _alone(hands: Hands) -> None:
    hands.connected = False


def _helped(hands: Hands) -> None:
    _page("jam")(hands)
    hands.hold("setup")
    hands.wait(1)


def _noticed(hands: Hands) -> None:
    _page("presets")(hands)
    hands.pad(30)


def _recording(hands: Hands) -> None:
    _page("jam")(hands)
    hands.state.sections["jam"]["slots"][0] |= {"recording": True, "name": "", "outline": []}


SCENES: dict[str, Callable[[Hands], None]] = {
    **{name: _page(name) for name in PAGES},
    "oscillators-waveform": _page("oscillators", 3),
    "noise-kind": _page("noise", 2),
    "encoder-feedback": _page("encoder", 1),
    "encoder-route": _page("encoder", 3),
    "jam-routing": _page("jam", 3),
    "reshape-decoder-3": _page("reshape", 2),
    "mix-pan": _page("mix", 1),
    "master-equalizer": _page("master", 2),
    "setup-clock": _page("setup", 1),
    "touched": _touching,
    "held": _held,
    "morphing": _morphing,
    "trouble": _in_trouble,
    "alone": _alone,
    "help": _helped,
    "notice": _noticed,
    "recording": _recording,
}


def scene(name: str) -> Hands:
    """Return the hands and the instrument of a scene."""
    hands = playing()
    SCENES[name](hands)
    return hands
