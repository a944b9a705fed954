"""What each button does, as a table of uses, and those that are deliberately left without one."""

from collections.abc import Callable
from dataclasses import dataclass

from appliance.panel.push import transport
from appliance.panel.push.colours import AVAILABLE, DARK, Colour, Level, Light, Motion
from appliance.panel.push.controls import LOWER, SCENES, UPPER
from appliance.panel.push.grip import HOLD_SECONDS, Grip
from appliance.panel.push.lower import Decoders, Lower
from appliance.panel.push.pages import PAGES, TABS
from appliance.panel.push.paging import (
    choose_layer,
    layer_of,
    leave_page,
    open_page,
    page_of,
    turn_layer,
    turn_page,
)

Press = Callable[[Grip], object]
_DECODERS = Decoders()


def _nothing(_grip: Grip, _seconds: float) -> None: ...


@dataclass(frozen=True)
class Use:
    """What a button is for; `release` is told for how many seconds it was held."""

    text: str
    press: Press
    light: Callable[[Grip], Light] = lambda _: AVAILABLE
    release: Callable[[Grip, float], object] = _nothing


def lower_of(grip: Grip) -> Lower:
    """Return what the lower buttons do now: Mute and Solo make them the decoders'."""
    if "mute" in grip.buttons or "solo" in grip.buttons:
        return _DECODERS
    return layer_of(grip).lower


def _lit(on: object, colour: Colour = Colour.WHITE) -> Light:
    return Light(colour, Level.FULL if on else Level.DIM)


def _held(name: str, text: str, colour: Colour = Colour.WHITE) -> Use:
    """Return the use of a button that only gives another meaning to others."""
    return Use(text, lambda _: None, lambda grip: _lit(name in grip.buttons, colour))


def _page(name: str) -> Use:
    page = PAGES[name]
    return Use(
        f"page {page.title}, again: its next layer; held: as long as it is held",
        lambda grip: open_page(grip, name),
        lambda grip: _lit(grip.page == name, page.colour),
        leave_page,
    )


def _layer(page: str, place: int, text: str) -> Use:
    def press(grip: Grip) -> None:
        if grip.page != page:
            open_page(grip, page)
        choose_layer(grip, place)

    return Use(text, press, lambda grip: _lit(grip.page == page and grip.layers.get(page) == place))


def _scene(n: int) -> Use:
    def light(grip: Grip) -> Light:
        layers = page_of(grip).open_layers(grip)
        if len(layers) < 2 or n > len(layers):
            return DARK
        return _lit(layers[n - 1] is layer_of(grip), page_of(grip).colour)

    return Use(f"layer {n} of the page", lambda grip: choose_layer(grip, n - 1), light)


def _lower(n: int) -> Use:
    def press(grip: Grip) -> None:
        if "solo" in grip.buttons:
            transport.solo(grip, n)
        else:
            lower_of(grip).press(grip, n)

    def light(grip: Grip) -> Light:
        label = lower_of(grip).label(grip, n)
        return Light(label.colour, label.level)

    def release(grip: Grip, seconds: float) -> None:
        if "solo" not in grip.buttons:
            lower_of(grip).release(grip, n, seconds)

    return Use(f"column {n}: mutes, switches or does by page", press, light, release)


def _setup_release(grip: Grip, seconds: float) -> None:
    if seconds < HOLD_SECONDS:
        open_page(grip, "setup")


def _say(address: str, text: str, light: Callable[[Grip], Light] = lambda _: AVAILABLE) -> Use:
    return Use(text, lambda grip: grip.command(address), light)


def _morphing(grip: Grip) -> bool:
    return grip.state.presets.state in ("morph", "paused")


def _recording(grip: Grip) -> Light:
    motion = Motion.PULSE if transport.recording(grip) else Motion.STILL
    return Light(Colour.RED, Level.FULL if motion else Level.DIM, motion)


def _step(by: str) -> Use:
    return _say(
        f"/preset/{by}", f"{by} preset", lambda g: AVAILABLE if g.state.presets.filled else DARK
    )


def _octave(factor: float, text: str) -> Use:
    return Use(
        text,
        lambda grip: transport.octave(grip, factor),
        lambda grip: AVAILABLE if transport.has_octave(grip) else DARK,
    )


def _pads(presets: bool, text: str) -> Use:
    def press(grip: Grip) -> None:
        grip.pads_are_presets = presets

    return Use(text, press, lambda grip: _lit(grip.pads_are_presets == presets))


def _release_copy(grip: Grip, _seconds: float) -> None:
    grip.copied = None


def _recall_goal(grip: Grip) -> None:
    if grip.goal is not None:
        grip.command("/preset/recall", grip.goal)


_SETUP = Use(
    "page Setup; held: help for this page",
    lambda _: None,
    lambda grip: _lit(grip.page == "setup"),
    _setup_release,
)
_JUMP = {"user": _SETUP, "setup": _SETUP}

USES: dict[str, Use] = {
    **{button: _page(page) for button, page in zip(UPPER, TABS, strict=True)},
    **{button: _lower(n) for n, button in enumerate(LOWER, 1)},
    **{button: _scene(n) for n, button in enumerate(SCENES, 1)},
    **_JUMP,
    "mix": _page("mix"),
    "master": _page("master"),
    "master_press": _page("master"),
    "browse": _page("presets"),
    "sets": _page("presets"),
    "device": _page("encoder"),
    "clip": _page("jam"),
    "volume": _layer("mix", 0, "levels of the decoders"),
    "pan_send": _layer("mix", 1, "places of the decoders"),
    "page_left": Use("the page before", lambda grip: turn_page(grip, -1)),
    "page_right": Use("the page after", lambda grip: turn_page(grip, 1)),
    "up": Use("the layer before", lambda grip: turn_layer(grip, -1)),
    "down": Use("the layer after", lambda grip: turn_layer(grip, 1)),
    "left": _step("previous"),
    "right": _step("next"),
    "jog_left": _step("previous"),
    "jog_right": _step("next"),
    "jog_press": Use("recalls the preset chosen with the wheel", _recall_goal),
    "session": _pads(True, "the pads are the presets on every page"),
    "session_display": _pads(True, "the pads are the presets on every page"),
    "note": _pads(False, "the pads are the page's own"),
    "layout": Use(
        "changes between the page's pads and the presets",
        lambda grip: setattr(grip, "pads_are_presets", not grip.pads_are_presets),
        lambda grip: _lit(grip.pads_are_presets),
    ),
    "shift": _held("shift", "fine encoders; the other meaning of a button"),
    "select": _held("select", "with a preset pad: its name, and the goal of a morph by hand"),
    "centre": _held("centre", "with a preset pad: its name, and the goal of a morph by hand"),
    "delete": _held("delete", "with a preset pad: clears it; with an encoder: its default"),
    "duplicate": Use(
        "with two preset pads: copies the first to the second",
        lambda _: None,
        lambda grip: _lit("duplicate" in grip.buttons),
        _release_copy,
    ),
    "new": Use(
        "stores in the first empty slot; with a preset pad: stores there",
        lambda _: None,
        lambda grip: _lit("new" in grip.buttons),
        transport.store_new,
    ),
    "save": Use(
        "stores in the sound's own slot; with a preset pad: stores there",
        lambda _: None,
        lambda grip: _lit(grip.state.presets.edited),
        transport.store_here,
    ),
    "capture": Use(
        "stores in the first empty slot",
        lambda grip: transport.store_new(grip, 0.0),
    ),
    "undo": Use(
        "takes the last edit back; Shift: does it again",
        transport.undo,
        lambda g: AVAILABLE if g.state.presets.undo or g.state.presets.redo else DARK,
    ),
    "convert": _say(
        "/preset/compare",
        "compares with the sound before",
        lambda g: _lit(g.state.presets.side == "B"),
    ),
    "swap": _say("/preset/compare", "compares with the sound before"),
    "automate": _say(
        "/preset/reverse", "turns a morph round, or goes back", lambda g: _lit(_morphing(g))
    ),
    "fixed_length": Use(
        "recalls in a time, or hard",
        transport.timed,
        lambda grip: _lit(grip.get("/preset/seconds")),
    ),
    "quantize": Use(
        "recalls begin with a bar, or at once",
        lambda grip: transport.cycle(grip, "/preset/quantize"),
        lambda grip: _lit(grip.get("/preset/quantize")),
    ),
    "tap_tempo": _say("/clock/tap", "taps the tempo"),
    "tempo_press": _say("/clock/tap", "taps the tempo"),
    "metronome": Use(
        "own tempo, or MIDI clock",
        lambda grip: transport.cycle(grip, "/clock/source"),
        lambda grip: _lit(grip.get("/clock/source")),
    ),
    "play": Use(
        "plays the jam in hand, on the page Encoder the file",
        transport.play,
        lambda grip: _lit(transport.playing(grip), Colour.GREEN),
    ),
    "record": Use("records the latents into the jam in hand", transport.record, _recording),
    "stop_clip": Use(
        "stops all jams and the file", transport.stop_all, lambda _: Light(Colour.RED, Level.DIM)
    ),
    "repeat": Use(
        "loops what Play plays",
        transport.repeat,
        lambda grip: _lit(transport.repeating(grip)),
    ),
    "double_loop": Use(
        "doubles what the jam in hand plays; Shift: halves it", transport.double_loop
    ),
    "octave_up": _octave(2.0, "doubles all frequencies of the page"),
    "octave_down": _octave(0.5, "halves all frequencies of the page"),
    "mute": _held("mute", "held: the lower row switches decoders", Colour.AMBER),
    "solo": Use(
        "held: the lower row leaves one decoder alone",
        lambda _: None,
        lambda grip: _lit("solo" in grip.buttons or transport.soloed(grip), Colour.SKY),
    ),
    "accent": Use(
        "the strip stays where it is left, or springs back",
        lambda grip: transport.cycle(grip, "/push/latch"),
        lambda grip: _lit(grip.get("/push/latch")),
    ),
    "scale": Use(
        "what pressed pads move",
        lambda grip: transport.cycle(grip, "/push/pressure"),
        lambda grip: _lit(grip.get("/push/pressure")),
    ),
    "learn": _held("learn", "held: help for this page"),
}

UNUSED: dict[str, str] = {
    "add_device": "decoders are chosen in the configuration, not while playing",
    "add_track": "there are as many slots as the configuration names",
    "add": "as Add Device and Add Track",
    "lock": "a light that promises to keep something would not be true",
}

HELP_BUTTONS = ("setup", "user", "learn")
"""Held, they show the page's help."""
