"""The display: every page and state against its picture, and whether it can be read from afar."""

import numpy as np
import pytest
from PIL import Image

from appliance.panel.push.colours import Colour
from appliance.panel.push.drawing import theme
from tests.panel.push.pictures import DOCS, FOLDER, page, picture
from tests.panel.push.scenes import SCENES

ANEW = "if the change is meant: python -m tests.panel.push.pictures"


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_looks_as_it_did(name: str) -> None:
    with Image.open(FOLDER / f"{name}.png") as kept:
        expected = np.asarray(kept.convert("RGB")).astype(int)
    difference = np.abs(np.asarray(picture(name)).astype(int) - expected).max(-1)
    # The kept pictures have few colours, and other builds of FreeType shade edges differently.
    assert (difference > 64).mean() < 0.002, ANEW


def test_the_page_tells_what_the_tables_say() -> None:
    assert (DOCS / "push.md").read_text() == page(), ANEW
    assert {file.stem for file in FOLDER.glob("*.png")} == set(SCENES)


def _luminance(rgb: tuple[int, int, int]) -> float:
    parts = [v / 255 for v in rgb]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_stand_out_from_the_dark() -> None:
    """A contrast of 4.5 to 1 is what text needs (WCAG 2.1, 1.4.3)."""
    for colour in Colour:
        assert (_luminance(colour.rgb) + 0.05) / 0.05 >= 4.5, colour
    assert (_luminance(theme.SECOND) + 0.05) / 0.05 >= 4.5


def test_values_are_tall_enough_for_an_arms_length() -> None:
    """A line is 0.25 mm on the 41 mm high display: 12 lines are 3 mm, readable at 70 cm."""
    tall = np.asarray(picture("offset").convert("L"))[60:100, 52:112] > 160
    rows = np.flatnonzero(tall.any(1))
    assert rows.max() - rows.min() + 1 >= 12
