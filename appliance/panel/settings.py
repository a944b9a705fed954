"""The panel's part of the configuration: one section for each of its parts."""

from typing import Annotated

from msgspec import Meta, field

from appliance.section import Section


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


class PanelConfig(Section, frozen=True):
    """The panel and its parts."""

    rate: Annotated[
        float, Meta(ge=1, le=30, description="News from the engine, times a second")
    ] = 30.0
    push: Annotated[PushConfig, Meta(description="Ableton Push")] = field(
        default_factory=PushConfig
    )
