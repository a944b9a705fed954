"""The panel's part of the configuration: one section for each of its parts."""

from typing import Annotated, Literal

from msgspec import Meta, field

from appliance.section import Section

Word = Annotated[str, Meta(min_length=1, max_length=64)]
LongPress = Literal["page", "tap", "bypass", "none"]


class PushConfig(Section, frozen=True):
    """Ableton Push 1, 2 or 3 as the instrument's face."""

    on: Annotated[bool, Meta(description="Look for a Push and play from it")] = True
    frames: Annotated[
        int, Meta(ge=5, le=30, description="Pictures a second on its display, at most")
    ] = 30
    led_brightness: Annotated[
        int, Meta(ge=1, le=127, description="Of pads and buttons; on USB power the Push caps it")
    ] = 100
    display_brightness: Annotated[int, Meta(ge=1, le=255, description="Of the display")] = 255


class FootswitchConfig(Section, frozen=True):
    """The double footswitch."""

    on: Annotated[bool, Meta(description="Listen to footswitches")] = True
    source: Annotated[
        Literal["auto", "gpiod", "gpiozero", "midi", "evdev", "none"],
        Meta(
            description="Where it is wired to; auto is the board's pins. Pedals in a Push's jacks"
            " are heard besides"
        ),
    ] = "auto"
    chip: Annotated[
        Word | None, Meta(description="Label of the GPIO chip; null is the board's own")
    ] = None
    left: Annotated[
        Word | None,
        Meta(description="Line, MIDI controller or key of the left switch; null is the usual one"),
    ] = None
    right: Annotated[Word | None, Meta(description="The same of the right switch")] = None
    device: Annotated[
        Word | None, Meta(description="Part of the name of the MIDI port or keyboard; null is any")
    ] = None
    normally: Annotated[
        Literal["open", "closed"], Meta(description="Contacts while nobody steps on them")
    ] = "open"
    bounce_ms: Annotated[
        float, Meta(ge=0, le=200, description="How long contacts may bounce after a change")
    ] = 25.0
    long_seconds: Annotated[float, Meta(ge=0.2, le=5, description="What a long press is")] = 0.6
    both_seconds: Annotated[
        float, Meta(ge=0.1, le=5, description="How long both are held to count as both")
    ] = 0.5
    stuck_seconds: Annotated[
        float, Meta(ge=5, le=600, description="After so long down a switch is called stuck")
    ] = 30.0
    long_left: Annotated[LongPress, Meta(description="What a long press of the left does")] = "tap"
    long_right: Annotated[LongPress, Meta(description="What a long press of the right does")] = (
        "page"
    )
    both: Annotated[
        Literal["panic", "mute", "none"],
        Meta(description="What both do; panic also stops all that plays by itself"),
    ] = "panic"


class ImportsConfig(Section, frozen=True):
    """Importing models while the instrument plays."""

    on: Annotated[bool, Meta(description="Work off the queue of imports")] = True
    memory_mb: Annotated[
        int, Meta(ge=300, le=65536, description="Megabytes that one import may use")
    ] = 1500


class PanelConfig(Section, frozen=True):
    """The panel and its parts."""

    rate: Annotated[
        float, Meta(ge=1, le=30, description="News from the engine, times a second")
    ] = 30.0
    push: Annotated[PushConfig, Meta(description="Ableton Push")] = field(
        default_factory=PushConfig
    )
    footswitch: Annotated[FootswitchConfig, Meta(description="The double footswitch")] = field(
        default_factory=FootswitchConfig
    )
    imports: Annotated[ImportsConfig, Meta(description="The queue of imports")] = field(
        default_factory=ImportsConfig
    )
