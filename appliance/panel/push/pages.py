"""The pages of the instrument, as a table."""

from appliance.panel.push.colours import Colour
from appliance.panel.push.jam_pads import JamPads
from appliance.panel.push.lower import Decoders, Mute, Switches, Words
from appliance.panel.push.pads import Bars, Field, Gains
from appliance.panel.push.page import Layer, Page, across, listed
from appliance.panel.push.preset_pads import PresetPads
from appliance.parameters.table import MAX_SLOTS, MODULES

C = Colour
_PRESETS = PresetPads()
_BARS = ("Pads", "set the column's value; the same pad again: its default")
_LAYERS = ("Right column", "chooses what the encoders turn")
_STRIP = ("Strip", "expression of this module")
_DECODERS = Decoders()
_SLOTS = range(1, MAX_SLOTS + 1)


def _channels(
    module: str, colour: Colour, mute: Mute, rows: tuple[tuple[str, str], ...]
) -> tuple[Layer, ...]:
    """Return a layer for each row of eight channels: (name, last word of the address)."""
    layers: list[Layer] = []
    for name, word in rows:
        template = f"/{module}/{{n}}/{word}"
        layers.append(Layer(name, across(template), Bars(template, colour), mute))
    return tuple(layers)


def _master(name: str, *dials: str | None) -> Layer:
    words = (
        ("Compressor", "/master/compressor/on"),
        ("Limiter", "/master/limiter/on"),
        ("Equalizer", "/master/equalizer/on"),
    )
    return Layer(
        name,
        listed(*(f"/master/{d}" if d else None for d in dials)),
        _PRESETS,
        Words(words, C.GREEN),
        "scope",
    )


OFFSET = Page(
    "offset",
    "Offset",
    C.AMBER,
    _channels(
        "offset", C.AMBER, Mute("/offset/{n}/value", C.AMBER, 0.5), (("Value", "value"),)
    ),
    "/offset/expression",
    (("Encoders", "a constant for each of the eight latents"), _BARS, _STRIP,
     ("Lower row", "zero and back; hold for a moment's silence")),
)  # fmt: skip
OSCILLATORS = Page(
    "oscillators",
    "Oscillators",
    C.SKY,
    _channels(
        "oscillators",
        C.SKY,
        Mute("/oscillators/{n}/waveform", C.SKY, 1.0),
        (
            ("Frequency", "frequency"),
            ("Amplitude", "amplitude"),
            ("Duty", "duty"),
            ("Waveform", "waveform"),
            ("Sync", "sync"),
        ),
    ),
    "/oscillators/expression",
    (("Encoders", "what the right column chose, for each latent"), _LAYERS, _BARS, _STRIP,
     ("Octave", "halves or doubles all frequencies"),
     ("Lower row", "stops and starts an oscillator")),
)  # fmt: skip
NOISE = Page(
    "noise",
    "Noise",
    C.VIOLET,
    _channels(
        "noise",
        C.VIOLET,
        Mute("/noise/{n}/kind", C.VIOLET, 1.0),
        (
            ("Amplitude", "amplitude"),
            ("Frequency", "frequency"),
            ("Kind", "kind"),
            ("Sync", "sync"),
        ),
    ),
    "/noise/expression",
    (("Encoders", "what the right column chose, for each latent"), _LAYERS, _BARS, _STRIP,
     ("Octave", "halves or doubles all frequencies"),
     ("Lower row", "silences a channel and brings it back")),
)  # fmt: skip

_FILE = Words(
    (
        ("File", "/encoder/file/play"),
        ("Loop", "/encoder/file/loop"),
    ),
    C.GREEN,
)
_ROUTES = Words(
    (
        ("Straight", "/encoder/route/identity"),
        ("All", "/encoder/route/all"),
        ("Clear", "/encoder/route/clear"),
    ),
    C.GREEN,
)
ENCODER = Page(
    "encoder",
    "Encoder",
    C.GREEN,
    (
        Layer(
            "Input",
            listed(
                "/encoder/file/level_db",
                "/encoder/live/level_db",
                "/encoder/file/start",
                "/encoder/file/end",
                "/mix/input",
                "/encoder/expression",
            ),
            _PRESETS,
            _FILE,
            "latents",
        ),
        Layer(
            "Feedback",
            across("/encoder/feedback/{n}/level_db"),
            Bars("/encoder/feedback/{n}/level_db", C.GREEN),
            _FILE,
        ),
        *(
            Layer(
                f"Route {slot}",
                across(f"/encoder/{slot}/route/{{row}}/{{n}}"),
                Gains(f"/encoder/{slot}/route/{{row}}/{{n}}", C.GREEN),
                _ROUTES,
                "matrix",
                slot=slot,
            )
            for slot in _SLOTS
        ),
    ),
    "/encoder/expression",
    (("Encoders", "levels of file, live input and feedback; gains of a row"),
     ("Right column", "input, feedback, then the routing into each decoder"),
     ("Pads", "on a route: connect row to column, held: its encoder turns the gain"),
     ("Play", "the file"), _STRIP),
)  # fmt: skip

_JAM_LOWER = Switches("/jam/{n}/play", "Jam", C.PINK)
JAM = Page(
    "jam",
    "Jam",
    C.PINK,
    (
        Layer(
            "Slot",
            listed(
                "/jam/{jam}/start",
                "/jam/{jam}/end",
                "/jam/{jam}/speed",
                "/jam/{jam}/stretch",
                "/jam/{jam}/width",
                "/jam/{jam}/sync",
                "/jam/{jam}/interpolation",
                "/jam/expression",
            ),
            JamPads(),
            _JAM_LOWER,
            "reel",
        ),
        Layer("Speeds", across("/jam/{n}/speed"), JamPads(), _JAM_LOWER, "reel"),
        Layer("Widths", across("/jam/{n}/width"), JamPads(), _JAM_LOWER, "reel"),
        Layer(
            "Routing",
            across("/jam/{jam}/route/{row}/{n}"),
            Gains("/jam/{jam}/route/{row}/{n}", C.PINK),
            _JAM_LOWER,
            "matrix",
        ),
    ),
    "/jam/expression",
    (("Pads, from the top", "play, mute, loop, take in hand, then 32 steps of the buffer"),
     ("Two steps held", "start and end of what plays"),
     ("Play / Record", "the slot in hand"),
     ("Double Loop", "doubles what plays; Shift halves it"), _LAYERS, _STRIP),
)  # fmt: skip
TERRAIN = Page(
    "terrain",
    "Terrain",
    C.TEAL,
    (
        Layer(
            "Place",
            listed(
                "/terrain/x",
                "/terrain/y",
                "/terrain/glide_ms",
                "/terrain/sharpness",
            ),
            Field("/terrain/x", "/terrain/y", C.TEAL),
            _DECODERS,
            "map",
        ),
    ),
    "/terrain/expression",
    (("Pads", "go to a place of the map; two pads meet halfway"),
     ("Encoders", "X and Y, how fast and how sharply it moves"), _STRIP,
     ("Lower row", "decoders on and off")),
)  # fmt: skip
RESHAPE = Page(
    "reshape",
    "Reshape",
    C.ORANGE,
    (
        *(
            Layer(
                f"Decoder {slot}",
                across(f"/decoder/{slot}/reshape/{{n}}"),
                Bars(f"/decoder/{slot}/reshape/{{n}}", C.ORANGE),
                _DECODERS,
                "latents",
                slot=slot,
            )
            for slot in _SLOTS
        ),
        *(
            Layer(
                f"Send {module}",
                across(f"/decoder/{{n}}/send/{module}"),
                Bars(f"/decoder/{{n}}/send/{module}", C.ORANGE),
                _DECODERS,
            )
            for module in MODULES
        ),
    ),
    None,
    (("Encoders", "factor of each latent, just before the decoder"),
     ("Right column", "which decoder, then what each module sends there"), _BARS,
     ("Lower row", "decoders on and off")),
)  # fmt: skip


def _mix(name: str, word: str) -> Layer:
    template = f"/decoder/{{n}}/{word}"
    return Layer(
        name,
        across(template),
        Bars(template, C.BLUE, top="/decoder/{n}/on"),
        _DECODERS,
        "scope",
    )


MIX = Page(
    "mix",
    "Mix",
    C.BLUE,
    (
        _mix("Level", "level_db"),
        _mix("Pan", "pan"),
        _mix("Auto-pan", "autopan"),
        Layer(
            "Space",
            listed(
                "/mix/spread_ms",
                "/mix/spread_rate",
                "/mix/autopan_rate",
                "/mix/input",
                "/mix/align",
            ),
            _PRESETS,
            _DECODERS,
            "scope",
        ),
    ),
    "/master/level_db",
    (("Encoders", "level, pan or auto-pan of each decoder"), _LAYERS,
     ("Pads", "top row: decoders on and off; below: the column's value"),
     ("Lower row", "decoders on and off; hold for a moment's silence"),
     ("Strip", "output level")),
)  # fmt: skip
MASTER = Page(
    "master",
    "Master",
    C.WHITE,
    (
        _master(
            "Compressor",
            "compressor/threshold_db",
            "compressor/ratio",
            "compressor/knee_db",
            "compressor/attack_ms",
            "compressor/release_ms",
            "compressor/makeup_db",
            "compressor/saturation",
            "level_db",
        ),
        _master("Limiter", "limiter/ceiling_db", "limiter/release_ms", "level_db"),
        _master(
            "EQ gain",
            "equalizer/low/gain_db",
            *(f"equalizer/{n}/gain_db" for n in range(1, 5)),
            "equalizer/high/gain_db",
            "level_db",
        ),
        _master(
            "EQ frequency",
            "equalizer/low/frequency",
            *(f"equalizer/{n}/frequency" for n in range(1, 5)),
            "equalizer/high/frequency",
        ),
        _master("EQ width", None, *(f"equalizer/{n}/q" for n in range(1, 5))),
    ),
    "/master/level_db",
    (("Encoders", "compressor, limiter and equalizer"), _LAYERS, ("Pads", "presets"),
     ("Lower row", "each of the three on and off"), ("Strip", "output level")),
)  # fmt: skip
PRESETS = Page(
    "presets",
    "Presets",
    C.YELLOW,
    (
        Layer(
            "Recall",
            listed(
                "/preset/morph",
                "/preset/seconds",
                "/preset/switch_at",
                "/preset/quantize",
            ),
            _PRESETS,
            Words(
                (
                    ("Previous", "/preset/previous"),
                    ("Next", "/preset/next"),
                    ("Compare", "/preset/compare"),
                    ("Reverse", "/preset/reverse"),
                    ("Pause", "/preset/pause"),
                    ("Store", "/preset/store"),
                ),
                C.YELLOW,
            ),
            "presets",
        ),
    ),
    "/preset/morph",
    (("Pads", "recall; held with New: store, Duplicate: copy, Delete: clear"),
     ("Select + pad", "names it and makes it the goal of a morph by hand"),
     ("Encoders", "morph by hand, time of a recall, when switches change"),
     ("Strip", "morph by hand"), ("Undo", "takes the last edit back; Shift: does it again")),
)  # fmt: skip
SETUP = Page(
    "setup",
    "Setup",
    C.GREY,
    (
        Layer(
            "Feel",
            listed("/push/sensitivity", "/push/pressure", "/push/latch", "/push/leds"),
            _PRESETS,
            _DECODERS,
            "facts",
        ),
        Layer(
            "Clock",
            listed("/clock/source", "/clock/tempo", "/clock/bar", "/push/display"),
            _PRESETS,
            _DECODERS,
            "facts",
        ),
    ),
    "/master/level_db",
    (("Encoders", "how this Push feels, and the clock"), ("Pads", "presets"),
     ("Hold Setup", "this help, on every page"), ("Lower row", "decoders on and off"),
     ("Strip", "output level")),
)  # fmt: skip

PAGES: dict[str, Page] = {
    page.name: page
    for page in (
        OFFSET, OSCILLATORS, NOISE, ENCODER, JAM, TERRAIN, RESHAPE, MIX, MASTER, PRESETS, SETUP,
    )
}  # fmt: skip
TABS = ("offset", "oscillators", "noise", "encoder", "jam", "terrain", "reshape", "mix")
"""The pages of the buttons above the display."""
