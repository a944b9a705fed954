"""A picture of charts above one another that share their time axis."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from appliance.errors import ApplianceError
from appliance.storage import write_file

WIDTH = 1000
"""Pixels of the time axis."""

_LEFT, _RIGHT, _TOP, _BOTTOM, _GAP = 56, 16, 26, 30, 14
_PAPER, _INK, _GRID = (255, 255, 255), (40, 40, 40), (222, 222, 222)
_COLOURS = 48  # in the file: few, so that it is small
LINES = ((31, 119, 180), (214, 90, 20), (44, 140, 60), (148, 60, 160))
"""Colours of lines; a fifth line begins anew."""


class Chart:
    """A sheet with one panel below the other, `seconds` wide."""

    def __init__(self, title: str, seconds: float, heights: list[int]) -> None:
        """Prepare panels of the given heights in pixels."""
        self._seconds = seconds
        total = _TOP + sum(heights) + _GAP * (len(heights) - 1) + _BOTTOM
        self._image = Image.new("RGB", (_LEFT + WIDTH + _RIGHT, total), _PAPER)
        self._draw = ImageDraw.Draw(self._image)
        self._font = ImageFont.load_default(12)
        self._heights = heights
        self._tops = [_TOP + sum(heights[:n]) + _GAP * n for n in range(len(heights))]
        self._draw.text((_LEFT, 6), title, _INK, self._font)
        self._time()

    def lane(
        self, panel: int, lines: NDArray[np.float64], name: str, limits: tuple[float, float]
    ) -> None:
        """Draw `lines`, float64 (lines, points), over the whole time between `limits`."""
        top, height = self._tops[panel], self._heights[panel]
        low, high = limits
        zero = top + height - round((0 - low) / (high - low) * height)
        if low < 0 < high:
            self._draw.line((_LEFT, zero, _LEFT + WIDTH, zero), _GRID)
        for number, line in enumerate(lines):
            scaled = top + height - (np.clip(line, low, high) - low) / (high - low) * height
            self._envelope(scaled, LINES[number % len(LINES)])
        self._frame(panel)
        self._label(top + height // 2, name)

    def image(self, panel: int, pixels: NDArray[np.uint8], marks: dict[str, float]) -> None:
        """Put `pixels`, uint8 (height, WIDTH, 3), into a panel; `marks` name shares of its height.

        A share counts from the bottom.
        """
        top, height = self._tops[panel], self._heights[panel]
        self._image.paste(Image.fromarray(pixels), (_LEFT, top))
        self._frame(panel)
        for name, share in marks.items():
            self._label(top + height - round(share * height), name)

    def save(self, path: Path) -> None:
        """Write the picture as PNG; raises ApplianceError if it cannot be written."""
        data = io.BytesIO()
        self._image.quantize(_COLOURS).save(data, "PNG", optimize=True)
        try:
            write_file(path, data.getvalue())
        except OSError as error:
            raise ApplianceError(
                f"{path} cannot be written ({error.strerror or error}): choose another place."
            ) from error

    def _envelope(self, heights: NDArray[np.float64], colour: tuple[int, int, int]) -> None:
        """Draw a line; where more than one point falls on a pixel, from the lowest to the highest.

        What swings faster than the picture can show is a band.
        """
        points = len(heights)
        if points <= WIDTH:
            # A latent holds until the next one.
            places = _LEFT + np.arange(points + 1) / points * WIDTH
            steps = [
                (float(x), float(y))
                for n, y in enumerate(heights)
                for x in (places[n], places[n + 1])
            ]
            self._draw.line(steps, colour)
            return
        borders = np.arange(WIDTH) * points // WIDTH
        low, high = np.minimum.reduceat(heights, borders), np.maximum.reduceat(heights, borders)
        for pixel in range(WIDTH):
            first = min(low[pixel], high[pixel - 1] if pixel else low[pixel])
            last = max(high[pixel], low[pixel - 1] if pixel else high[pixel])
            self._draw.line((_LEFT + pixel, float(first), _LEFT + pixel, float(last)), colour)

    def _time(self) -> None:
        bottom = self._tops[-1] + self._heights[-1]
        for second in np.arange(0, self._seconds * (1 + 1e-9), _step(self._seconds)):
            x = _LEFT + round(second / self._seconds * WIDTH)
            self._draw.line((x, bottom, x, bottom + 4), _INK)
            self._draw.text((x, bottom + 6), f"{second:g} s", _INK, self._font, anchor="ma")

    def _frame(self, panel: int) -> None:
        top = self._tops[panel]
        corner = (_LEFT + WIDTH, top + self._heights[panel])
        self._draw.rectangle(((_LEFT - 1, top - 1), corner), outline=_INK)

    def _label(self, y: int, name: str) -> None:
        self._draw.text((_LEFT - 6, y), name, _INK, self._font, anchor="rm")


def _step(seconds: float) -> float:
    """Return a round distance of marks, six to twelve on the axis."""
    size = 10.0 ** np.floor(np.log10(seconds / 6))
    return float(next(size * n for n in (1, 2, 5, 10) if seconds / (size * n) <= 12))
