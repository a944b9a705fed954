"""The parameter table: every row of the instrument, written once.

A row's address may hold ``{channel}`` or ``{source}`` (latent channels 1 to 8), ``{slot}``
(decoder slots from 1), ``{condition}`` (labels of a conditioned model, 1 to 4), ``{jam}`` (jam
slots 1 to 8) and ``{peak}`` (equalizer peaks 1 to 4); it stands for one parameter per combination,
stored in that order, so that a module reads a whole row as one array.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from appliance import CONDITIONS, LATENT_CHANNELS
from appliance.errors import ParameterError
from appliance.parameters.parameter import Curve, Parameter
from appliance.suggestion import did_you_mean

WAVEFORMS = ("off", "sine", "saw", "rect", "tri")
NOISES = ("silence", "white", "rand")
CLOCKS = ("internal", "midi")
MODULES = ("offset", "oscillators", "noise", "encoder", "jam", "terrain")
PHASES = ("model", "random", "peaks")
PEAKS = 4
JAMS = 8
MAX_SLOTS = 8
OFF_ON = ("off", "on")
INTERPOLATIONS = ("4-point", "stepped")
BEATS = {
    "off": 0.0,
    "64 beats": 64.0,
    "32 beats": 32.0,
    "16 beats": 16.0,
    "8 beats": 8.0,
    "4 beats": 4.0,
    "3 beats": 3.0,
    "2 beats": 2.0,
    "1 beat": 1.0,
    "1/2 beat": 1 / 2,
    "1/3 beat": 1 / 3,
    "1/4 beat": 1 / 4,
    "1/6 beat": 1 / 6,
    "1/8 beat": 1 / 8,
}
"""How many beats a synchronised cycle lasts, by its name as a choice; 0 for the free ones."""
SYNCS = tuple(BEATS)

_CONDITION = "label that a conditioned model reads"
_ROUTE = "gain, 1 from a channel to itself"

P = Parameter
LIN, CUB, LOG, SWI = Curve.LINEAR, Curve.CUBIC, Curve.LOGARITHMIC, Curve.SWITCH

ROWS: tuple[Parameter, ...] = (
    # Offset: eight constants.
    P("/offset/expression", "Expression", "", 0, 4, 2, LIN, (), "scales all eight offsets"),
    P("/offset/{channel}/value", "Offset", "", -1, 1, 0, LIN, (), "constant latent value"),
    # Oscillators: eight periodic signals; far above the latent rate they alias, on purpose.
    P("/oscillators/expression", "Expression", "", 0, 4, 1, LIN, (), "scales all amplitudes"),
    P("/oscillators/{channel}/waveform", "Waveform", "", 0, 4, 0, SWI, WAVEFORMS, "shape"),
    P("/oscillators/{channel}/frequency", "Frequency", "Hz", 0, 100, 0.5, CUB, (), "0 parks it"),
    P("/oscillators/{channel}/amplitude", "Amplitude", "", 0, 4, 1, LIN, (), "peak latent value"),
    P("/oscillators/{channel}/duty", "Duty", "", 0, 1, 0.5, LIN, (), "pulse width of rect and tri"),
    P("/oscillators/{channel}/sync", "Sync", "", 0, len(SYNCS) - 1, 0, SWI, SYNCS, "beats a cycle"),
    # Noise: eight random signals.
    P("/noise/expression", "Expression", "", 0, 4, 1, LIN, (), "scales all amplitudes"),
    P("/noise/{channel}/kind", "Kind", "", 0, 2, 0, SWI, NOISES, "white noise or random ramps"),
    P("/noise/{channel}/frequency", "Frequency", "Hz", 0, 100, 10, CUB, (), "new ramps a second"),
    P("/noise/{channel}/amplitude", "Amplitude", "", 0, 4, 1, LIN, (), "peak latent value"),
    P("/noise/{channel}/sync", "Sync", "", 0, len(SYNCS) - 1, 0, SWI, SYNCS, "beats a ramp"),
    # Encoder: latents of an audio file, the live input and the decoders' own sound.
    P("/encoder/expression", "Expression", "", 0, 4, 1, LIN, (), "scales all eight channels"),
    P("/encoder/file/play", "File", "", 0, 1, 0, SWI, OFF_ON, "from its start when switched on"),
    P("/encoder/file/loop", "Loop", "", 0, 1, 1, SWI, OFF_ON, "off plays once"),
    P("/encoder/file/start", "Start", "", 0, 1, 0, LIN, (), "share of the file where it begins"),
    P("/encoder/file/end", "End", "", 0, 1, 1, LIN, (), "share of the file where it ends"),
    P("/encoder/file/level_db", "File level", "dB", -60, 12, 0, LIN, (), "-60 is silent"),
    P("/encoder/live/level_db", "Live level", "dB", -60, 24, -60, LIN, (), "-60 is silent"),
    P("/encoder/feedback/{slot}/level_db", "Feedback", "dB", -60, 24, -60, LIN, (), "-60 is none"),
    P("/encoder/{slot}/route/{source}/{channel}", "Route", "", -4, 4, 0, LIN, (), _ROUTE),
    # Jam: eight slots, each playing eight latents from a buffer.
    P("/jam/expression", "Expression", "", 0, 4, 1, LIN, (), "scales all slots"),
    P("/jam/{jam}/play", "Play", "", 0, 1, 0, SWI, OFF_ON, "from its start when switched on"),
    P("/jam/{jam}/mute", "Mute", "", 0, 1, 0, SWI, OFF_ON, "runs on unheard"),
    P("/jam/{jam}/loop", "Loop", "", 0, 1, 1, SWI, OFF_ON, "off plays once"),
    P("/jam/{jam}/start", "Start", "", 0, 1, 0, LIN, (), "share of the buffer where it begins"),
    P("/jam/{jam}/end", "End", "", 0, 1, 1, LIN, (), "share of the buffer where it ends"),
    P("/jam/{jam}/rate", "Rate", "Hz", 0.1, 2000, 44100 / 2048, LOG, (), "points a second"),
    P("/jam/{jam}/speed", "Speed", "", -4, 4, 1, LIN, (), "negative is backwards, 0 holds"),
    P("/jam/{jam}/stretch", "Stretch", "", 0.125, 8, 1, LOG, (), "times as long, without a jump"),
    P("/jam/{jam}/width", "Width", "", 0, 8, 1, LIN, (), "scales all eight channels"),
    P("/jam/{jam}/interpolation", "Interpolation", "", 0, 1, 0, SWI, INTERPOLATIONS, "of points"),
    P("/jam/{jam}/sync", "Sync", "", 0, len(SYNCS) - 1, 0, SWI, SYNCS, "what start to end lasts"),
    P("/jam/{jam}/route/{source}/{channel}", "Route", "", -4, 4, 0, LIN, (), _ROUTE),
    # Terrain: one point of a map of latents.
    P("/terrain/expression", "Expression", "", 0, 4, 1, LIN, (), "scales all eight channels"),
    P("/terrain/x", "X", "", 0, 1, 0.5, LIN, (), "place from left to right"),
    P("/terrain/y", "Y", "", 0, 1, 0.5, LIN, (), "place from bottom to top"),
    P("/terrain/glide_ms", "Glide", "ms", 0, 5000, 50, CUB, (), "time to reach a new place"),
    P("/terrain/sharpness", "Sharpness", "", 0.5, 8, 2, LOG, (), "how far each place reaches"),
    # Clock.
    P("/clock/tempo", "Tempo", "BPM", 20, 300, 120, LIN, (), "of the internal clock"),
    P("/clock/source", "Clock", "", 0, 1, 0, SWI, CLOCKS, "own tempo, or MIDI clock"),
    P("/clock/bar", "Bar", "beats", 1, 16, 4, LIN, (), "whole beats in a bar"),
    # Decoder slots.
    P("/decoder/{slot}/on", "On", "", 0, 1, 1, SWI, OFF_ON, "off freezes the decoder's state"),
    P("/decoder/{slot}/level_db", "Level", "dB", -60, 12, -6, LIN, (), "-60 is silent"),
    P("/decoder/{slot}/pan", "Pan", "", -1, 1, 0, LIN, (), "-1 left, 1 right, constant power"),
    P("/decoder/{slot}/autopan", "Auto-pan", "", 0, 1, 0, LIN, (), "depth of the random panning"),
    *(
        P(f"/decoder/{{slot}}/send/{m}", f"Send {m}", "", 0, 1, 1, LIN, (), "module into this slot")
        for m in MODULES
    ),
    P("/decoder/{slot}/phase", "Phase", "", 0, 2, 0, SWI, PHASES, "of spectral models' partials"),
    P("/decoder/{slot}/condition/{condition}", "Condition", "", 0, 127, 0, LIN, (), _CONDITION),
    P("/decoder/{slot}/reshape/{channel}", "Reshape", "", -4, 4, 1, LIN, (), "latent multiplier"),
    # Mix.
    P("/mix/spread_ms", "Spread", "ms", 0, 20, 0, LIN, (), "slow delay drift between decoders"),
    P("/mix/spread_rate", "Spread rate", "Hz", 0.01, 2, 0.1, LOG, (), "speed of the drift"),
    P("/mix/input", "Input", "", 0, 1, 0, LIN, (), "from decoders only to encoder input only"),
    P("/mix/align", "Align", "", 0, 1, 0, SWI, OFF_ON, "one gesture sounds at one moment"),
    P("/mix/autopan_rate", "Auto-pan rate", "Hz", 0.01, 20, 10, LOG, (), "new positions a second"),
    # Master.
    P("/master/compressor/on", "Compressor", "", 0, 1, 1, SWI, OFF_ON, "compressor in the chain"),
    P("/master/compressor/threshold_db", "Threshold", "dB", -60, 0, -18, LIN, (), "where it acts"),
    P("/master/compressor/ratio", "Ratio", ":1", 1, 20, 2, LOG, (), "slope above the threshold"),
    P("/master/compressor/knee_db", "Knee", "dB", 0, 24, 6, LIN, (), "width of the soft knee"),
    P("/master/compressor/attack_ms", "Attack", "ms", 0.1, 200, 10, LOG, (), "time to act"),
    P("/master/compressor/release_ms", "Release", "ms", 5, 2000, 150, LOG, (), "time to let go"),
    P("/master/compressor/makeup_db", "Makeup", "dB", 0, 24, 0, LIN, (), "gain after compression"),
    P("/master/compressor/saturation", "Saturation", "", 0, 1, 0, LIN, (), "soft overdrive amount"),
    P("/master/limiter/on", "Limiter", "", 0, 1, 1, SWI, OFF_ON, "off only clips at full scale"),
    P("/master/limiter/ceiling_db", "Ceiling", "dB", -24, 0, -1, LIN, (), "never exceeded"),
    P("/master/limiter/release_ms", "Release", "ms", 5, 2000, 80, LOG, (), "time to let go"),
    P("/master/equalizer/on", "Equalizer", "", 0, 1, 0, SWI, OFF_ON, "equalizer in the chain"),
    P("/master/equalizer/low/frequency", "Low shelf", "Hz", 20, 1000, 120, LOG, (), "corner"),
    P("/master/equalizer/low/gain_db", "Low gain", "dB", -18, 18, 0, LIN, (), "shelf gain"),
    P("/master/equalizer/{peak}/frequency", "Peak", "Hz", 20, 18000, 1000, LOG, (), "centre"),
    P("/master/equalizer/{peak}/gain_db", "Peak gain", "dB", -18, 18, 0, LIN, (), "peak gain"),
    P("/master/equalizer/{peak}/q", "Peak Q", "", 0.1, 18, 1, LOG, (), "centre over bandwidth"),
    P("/master/equalizer/high/frequency", "High shelf", "Hz", 1000, 18000, 8000, LOG, (), "corner"),
    P("/master/equalizer/high/gain_db", "High gain", "dB", -18, 18, 0, LIN, (), "shelf gain"),
    P("/master/level_db", "Level", "dB", -60, 12, 0, LIN, (), "output level, -60 is silent"),
)

# Defaults that differ inside a row.
_CHANNELS = range(1, LATENT_CHANNELS + 1)
_DEFAULTS = (
    {f"/master/equalizer/{n}/frequency": f for n, f in enumerate((200.0, 800.0, 2500.0, 6000.0), 1)}
    | {f"/encoder/{slot}/route/{c}/{c}": 1.0 for slot in range(1, MAX_SLOTS + 1) for c in _CHANNELS}
    | {f"/jam/{jam}/route/{c}/{c}": 1.0 for jam in range(1, JAMS + 1) for c in _CHANNELS}
)


@dataclass(frozen=True, slots=True)
class Row:
    """Where one row of the table lies: `start` index and array `shape`, () for one parameter."""

    start: int
    shape: tuple[int, ...]


class Table:
    """All parameters of an instrument with `slots` decoder slots (1 to 8), in a fixed order."""

    def __init__(
        self, slots: int = 4, named: Mapping[str, tuple[str, float]] = MappingProxyType({})
    ) -> None:
        """Expand the rows; raises ParameterError if `slots` is not 1 to 8.

        `named` gives a name and a maximum of their own to parameters by address.
        """
        if not 1 <= slots <= MAX_SLOTS:
            raise ParameterError(f"An instrument has 1 to {MAX_SLOTS} decoder slots, not {slots}.")
        self.slots = slots
        sizes = {
            "{channel}": LATENT_CHANNELS,
            "{source}": LATENT_CHANNELS,
            "{slot}": slots,
            "{jam}": JAMS,
            "{peak}": PEAKS,
            "{condition}": CONDITIONS,
        }
        parameters: list[Parameter] = []
        self.rows: dict[str, Row] = {}
        for template in ROWS:
            marks = [part for part in template.address.split("/") if part in sizes]
            shape = tuple(sizes[mark] for mark in marks)
            self.rows[template.address] = Row(len(parameters), shape)
            for numbers in itertools.product(*(range(1, n + 1) for n in shape)):
                address = template.address
                for mark, number in zip(marks, numbers, strict=True):
                    address = address.replace(mark, str(number), 1)
                default = _DEFAULTS.get(address, template.default)
                name, maximum = named.get(address, (template.name, template.maximum))
                parameters.append(
                    replace(template, address=address, default=default, name=name, maximum=maximum)
                )
        self.parameters = tuple(parameters)
        self.places = {p.address: i for i, p in enumerate(parameters)}
        """The position of each address."""

    def __len__(self) -> int:
        """Return the number of parameters."""
        return len(self.parameters)

    def __iter__(self) -> Iterator[Parameter]:
        """Iterate over the parameters in table order."""
        return iter(self.parameters)

    def index(self, address: str) -> int:
        """Return the position of `address`; raises ParameterError with the nearest known one."""
        try:
            return self.places[address]
        except KeyError:
            hint = did_you_mean(address, self.places)
            raise ParameterError(f"There is no parameter '{address}'.{hint}") from None

    def addresses(self, below: str) -> list[str]:
        """Return the addresses that begin with `below`, such as "/encoder/"."""
        return [address for address in self.places if address.startswith(below)]

    def __contains__(self, address: object) -> bool:
        """Return whether there is a parameter at `address`."""
        return address in self.places

    def __getitem__(self, address: str) -> Parameter:
        """Return the parameter at `address`; raises ParameterError if there is none."""
        return self.parameters[self.index(address)]
