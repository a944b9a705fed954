"""Each screen is its picture in docs/oled, drawn by `python -m tests.panel.oled.test_pictures`."""

from pathlib import Path

import pytest
from PIL import Image, ImageChops

from appliance.panel.oled.renderer import render
from appliance.panel.oled.sheet import Sheet, plain
from tests.panel.oled.examples import SCREENS

FOLDER = Path(__file__).parents[3] / "docs" / "oled"
SIZES = {"128x64": (128, 64, False), "256x64": (256, 64, True), "128x128": (128, 128, True)}
PICTURES = {name: (name, "128x64") for name in SCREENS} | {
    f"{name}-{size}": (name, size)
    for name in ("play", "play-morph")
    for size in ("256x64", "128x128")
}
TOLERANCE = 0.01
"""Share of pixels that another version of FreeType may round otherwise."""


def picture(name: str) -> Image.Image:
    screen, size = PICTURES[name]
    width, height, grey = SIZES[size]
    return render(SCREENS[screen], width, height, grey=grey)


@pytest.mark.parametrize("name", PICTURES)
def test_each_screen_is_its_picture(name: str) -> None:
    drawn = picture(name)
    with Image.open(FOLDER / f"{name}.png") as kept:
        assert kept.size == drawn.size
        difference = ImageChops.difference(kept.convert("L"), drawn.convert("L"))
    changed = sum(difference.histogram()[96:])
    assert changed <= TOLERANCE * drawn.width * drawn.height


def test_no_picture_is_left_over() -> None:
    assert {file.stem for file in FOLDER.glob("*.png")} == set(PICTURES)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SCREENS)
def test_every_size_is_drawn_the_same_twice_and_is_not_empty(name: str, size: str) -> None:
    width, height, grey = SIZES[size]
    drawn = [render(SCREENS[name], width, height, grey=grey) for _ in range(2)]
    assert drawn[0].size == (width, height)
    assert drawn[0].mode == ("L" if grey else "1")
    assert drawn[0].tobytes() == drawn[1].tobytes()
    assert drawn[0].getbbox() is not None


def test_screens_differ_from_each_other() -> None:
    drawn = {render(screen, 128, 64).tobytes() for screen in SCREENS.values()}
    assert len(drawn) == len(SCREENS)


def test_the_picture_wanders_by_whole_pixels() -> None:
    still = render(SCREENS["play"], 128, 64)
    moved = render(SCREENS["play"], 128, 64, shift=(1, -1))
    assert moved.crop((1, 0, 128, 63)).tobytes() == still.crop((0, 1, 127, 64)).tobytes()


def test_any_name_can_be_written() -> None:
    assert plain("Š naïve\n\t東京 ☃ \u0301") == "Š naïve ?? ? ?"
    sheet = Sheet(128, 64, grey=False)
    text, size = sheet.fit("x" * 500, 80, (20, 12))
    assert text.endswith("...")
    assert size == 12
    assert sheet.measure(text, size) <= 80
    for name in ("", " ", "\u202eevil", "W" * 200, "a b c d e f g h i j k l m n o p q r s"):
        sheet.lines(name, 50, 12, 2)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for each in PICTURES:
        image = picture(each)
        if image.mode == "L":
            image = image.quantize(16)
        image.save(FOLDER / f"{each}.png", optimize=True)
