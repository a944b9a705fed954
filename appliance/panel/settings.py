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
    off_seconds: Annotated[
        float, Meta(ge=0, le=60, description="Both held so long switch off; 0 is never")
    ] = 8.0
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


class MidiClockConfig(Section, frozen=True):
    """MIDI clock from other instruments."""

    on: Annotated[bool, Meta(description="Pass MIDI clock on to the engine")] = True
    port: Annotated[
        Word | None, Meta(description="Part of the port's name; null is the one that sends clock")
    ] = None


class ImportsConfig(Section, frozen=True):
    """Importing models while the instrument plays."""

    on: Annotated[bool, Meta(description="Work off the queue of imports")] = True
    memory_mb: Annotated[
        int, Meta(ge=300, le=65536, description="Megabytes that one import may use")
    ] = 1500


class OledConfig(Section, frozen=True):
    """The status display."""

    on: Annotated[bool, Meta(description="Look for a status display")] = True
    type: Annotated[
        Literal["ssd1306", "sh1106", "ssd1309", "ssd1322", "ssd1327"],
        Meta(description="Its controller; an sh1106 driven as ssd1306 is two columns off"),
    ] = "ssd1306"
    interface: Annotated[Literal["i2c", "spi"], Meta(description="How it is wired")] = "i2c"
    bus: Annotated[
        Word | None,
        Meta(description="I2C bus: a number, or part of its name; null is the board's own"),
    ] = None
    address: Annotated[int, Meta(ge=3, le=119, description="I2C address; 60 is 0x3C")] = 60
    spi_port: Annotated[int, Meta(ge=0, le=15, description="SPI bus")] = 0
    spi_device: Annotated[int, Meta(ge=0, le=7, description="SPI chip select")] = 0
    spi_dc: Annotated[int, Meta(ge=0, le=1023, description="GPIO line of D/C")] = 24
    spi_reset: Annotated[int, Meta(ge=0, le=1023, description="GPIO line of RESET")] = 25
    chip: Annotated[
        Word | None, Meta(description="GPIO chip of these lines; null is the board's own")
    ] = None
    rotate: Annotated[int, Meta(ge=0, le=3, description="Quarter turns")] = 0
    contrast: Annotated[int, Meta(ge=1, le=255, description="Brightness while played")] = 255
    dim: Annotated[int, Meta(ge=0, le=255, description="Brightness when nobody plays")] = 40
    dim_seconds: Annotated[
        float, Meta(ge=0, le=86400, description="Time without a touch until it dims; 0 is never")
    ] = 60.0
    rest_seconds: Annotated[
        float,
        Meta(ge=0, le=86400, description="Until a small picture wanders about; 0 is never"),
    ] = 600.0


class StickConfig(Section, frozen=True):
    """What USB sticks bring."""

    on: Annotated[bool, Meta(description="Finish what an interrupted visit of a stick left")] = True


class WebConfig(Section, frozen=True):
    """The instrument as a web page."""

    on: Annotated[bool, Meta(description="Serve the page")] = False
    host: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=253,
            description="Address to serve on; other than loopback, the page asks for the token",
        ),
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535, description="TCP port")] = 8808
    token: Annotated[
        Annotated[str, Meta(min_length=8, max_length=256)] | None,
        Meta(description="The token; null for one made at the first start, kept in web-token"),
    ] = None
    names: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=253)]],
        Meta(max_length=16, description="More host names by which browsers may call this box"),
    ] = field(default_factory=list[str])
    frames: Annotated[int, Meta(ge=2, le=30, description="Pictures a second, at most")] = 20
    open: Annotated[bool, Meta(description="Open it in this machine's browser at the start")] = (
        False
    )


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
    midi_clock: Annotated[MidiClockConfig, Meta(description="MIDI clock")] = field(
        default_factory=MidiClockConfig
    )
    imports: Annotated[ImportsConfig, Meta(description="The queue of imports")] = field(
        default_factory=ImportsConfig
    )
    oled: Annotated[OledConfig, Meta(description="The status display")] = field(
        default_factory=OledConfig
    )
    stick: Annotated[StickConfig, Meta(description="What USB sticks bring")] = field(
        default_factory=StickConfig
    )
    web: Annotated[WebConfig, Meta(description="Web page")] = field(default_factory=WebConfig)
