"""What the engine says of itself, typed; what is missing or unknown does no harm."""

from typing import Any

import msgspec

from appliance.decoders.condition import Condition
from appliance.presets.box import named_conditions


class _Report(msgspec.Struct, frozen=True, kw_only=True):
    """A section of the engine's status."""


class OutputState(_Report, frozen=True):
    """The sound card: `rate` in Hz, `period` in frames."""

    name: str = ""
    rate: int = 0
    period: int = 0
    periods: int = 0
    xruns: int = 0
    lost: bool = False


class EngineState(_Report, frozen=True):
    """The audio thread: `load` is its share of a core, 0 to 1."""

    load: float = 0.0
    longest_block_ms: float = 0.0
    headroom_ms: float = 0.0
    late_frames: int = 0
    dropped_changes: int = 0
    memory_mb: float | None = None


class DecoderState(_Report, frozen=True):
    """One model and the slots (from 1) that it plays: `load` is its share of a core."""

    model: str = ""
    slots: tuple[int, ...] = ()
    conditions: tuple[Condition, ...] = ()
    frame_ms: float = 0.0
    decode_ms: float = 0.0
    load: float = 0.0
    late: int = 0
    broken: bool = False


class MeterState(_Report, frozen=True):
    """The output's meters, left and right: amplitudes, and what the dynamics take away in dB."""

    peak: tuple[float, ...] = (0.0, 0.0)
    rms: tuple[float, ...] = (0.0, 0.0)
    compression_db: float = 0.0
    limiting_db: float = 0.0


class PresetState(_Report, frozen=True):
    """Where the performance stands; slots are 1 to 64, None for none.

    `state` is rest, morph, paused or hand; `progress` of a morph is 0 to 1.
    """

    current: int | None = None
    name: str = ""
    state: str = "rest"
    target: int | None = None
    target_name: str | None = None
    progress: float | None = None
    queued: int | None = None
    queued_name: str | None = None
    edited: bool = False
    side: str = "A"
    filled: tuple[int, ...] = ()
    unsaved: tuple[int, ...] = ()
    version: int = 0
    undo: int = 0
    redo: int = 0
    seconds: float = 0.0
    switch_at: float = 0.5
    wrap: bool = True
    quantize: str = "off"
    problems: tuple[str, ...] = ()


class State(_Report, frozen=True):
    """The engine's status; `sections` is all of it as it came, `flags` are its warnings.

    `latents` has 8 values, in latent units, for each of the latent `modules`.
    """

    version: str = ""
    name: str = ""
    uptime_s: float = 0.0
    output: OutputState = OutputState()
    engine: EngineState = EngineState()
    decoders: tuple[DecoderState, ...] = ()
    modules: tuple[str, ...] = ()
    latents: tuple[tuple[float, ...], ...] = ()
    meters: MeterState = MeterState()
    flags: tuple[str, ...] = ()
    presets: PresetState = PresetState()
    sections: dict[str, Any] = {}

    @property
    def slots(self) -> int:
        """How many decoder slots there are, 0 if the engine has not said."""
        return sum(len(decoder.slots) for decoder in self.decoders)

    @property
    def conditions(self) -> dict[str, tuple[str, float]]:
        """Address to name and highest value of what the slots' conditioned models read."""
        return named_conditions(
            {slot: decoder.conditions for decoder in self.decoders for slot in decoder.slots}
        )


def parse_state(text: str) -> State:
    """Return the state that the JSON `text` of ``/status`` describes.

    Raises msgspec.MsgspecError if it is none.
    """
    sections = msgspec.json.decode(text, type=dict[str, Any])
    return msgspec.structs.replace(
        msgspec.convert({**sections, "sections": {}}, State), sections=sections
    )
