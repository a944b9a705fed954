"""Through luma to the chip's memory and back: what was drawn is what would be seen."""

from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image, ImageChops

from appliance.errors import DeviceError
from appliance.panel.oled.display import Display, bus_number
from appliance.panel.oled.fake import FakeWire
from appliance.panel.oled.renderer import render
from tests.panel.oled.examples import SCREENS

CHIPS = ("ssd1306", "ssd1309", "sh1106", "ssd1322", "ssd1327")


def display(chip: str) -> tuple[Display, FakeWire]:
    wire = FakeWire(chip)
    return Display(chip, wire), wire


@pytest.mark.parametrize("chip", CHIPS)
def test_what_is_drawn_is_what_is_seen(chip: str) -> None:
    shown, wire = display(chip)
    assert wire.on
    for name in ("play", "page-health", "rest"):
        image = render(SCREENS[name], shown.width, shown.height, grey=shown.grey)
        shown.show(image)
        seen = wire.image()
        assert seen.size == image.size
        difference = ImageChops.difference(seen, image.convert("L"))
        # Four bits of grey are what these chips have.
        assert cast("tuple[int, int]", difference.getextrema())[1] <= (16 if shown.grey else 0)


@pytest.mark.parametrize("chip", CHIPS)
def test_the_picture_stays_when_we_leave_and_contrast_is_set(chip: str) -> None:
    shown, wire = display(chip)
    shown.contrast(40)
    assert wire.contrast == 40
    image = Image.new("L" if shown.grey else "1", (shown.width, shown.height), 255)
    shown.show(image)
    shown.close()
    assert wire.on
    assert wire.cleaned
    assert wire.image().getbbox() == (0, 0, shown.width, shown.height)


@pytest.mark.parametrize("chip", CHIPS)
def test_a_grey_chip_is_told_only_what_changed(chip: str) -> None:
    shown, wire = display(chip)
    image = Image.new("L" if shown.grey else "1", (shown.width, shown.height))
    shown.show(image)
    before = wire.bytes
    image.putpixel((5, 5), 255)
    shown.show(image)
    frame = shown.width * shown.height // (2 if shown.grey else 8)
    assert 0 < wire.bytes - before <= (frame // 4 if shown.grey else frame)


def test_a_chip_that_is_gone_is_one_sentence() -> None:
    shown, wire = display("ssd1306")
    wire.plugged = False
    for call in (lambda: shown.contrast(1), lambda: shown.show(Image.new("1", (128, 64)))):
        with pytest.raises(DeviceError, match=r"display \(ssd1306\) does not answer"):
            call()
    dead = FakeWire("sh1106")
    dead.plugged = False
    with pytest.raises(DeviceError):
        Display("sh1106", dead)


def test_a_rotated_display_has_its_sides_exchanged() -> None:
    wire: Any = FakeWire("ssd1306")
    shown = Display("ssd1306", wire, rotate=1)
    assert (shown.width, shown.height) == (64, 128)


def test_a_bus_is_found_by_its_name(tmp_path: Path) -> None:
    for number, name in ((0, "Synopsys DesignWare I2C adapter"), (7, "i2c-tiny-usb at bus 001")):
        (tmp_path / f"i2c-{number}").mkdir()
        (tmp_path / f"i2c-{number}/name").write_text(name + "\n")
    assert bus_number("tiny-usb", tmp_path) == 7
    assert bus_number("3", tmp_path) == 3
    with pytest.raises(DeviceError, match="known: Synopsys DesignWare I2C adapter, i2c-tiny-usb"):
        bus_number("mcp2221", tmp_path)
