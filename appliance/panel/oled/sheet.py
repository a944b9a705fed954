"""A drawing surface of one display: its size, its fonts, and the few shapes the screens need.

The fonts come with Pillow. On one bit a pixel nothing is smoothed.
"""

import functools
import unicodedata

from PIL import Image, ImageDraw, ImageFont

SMALL = 10
"""Size in pixels of the smallest text that can be read on every display."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@functools.cache
def font(size: int) -> Font:
    """Return the font of a size in pixels."""
    return ImageFont.load_default(size)


def _space(size: int) -> int:
    return max(3, round(0.3 * size))


def _rise(size: int) -> int:
    """Return minus the height of a capital: by it lines stand still whatever is written."""
    return round(font(size).getbbox("H", anchor="ls")[1])


def plain(text: str) -> str:
    """Return `text` in letters the font has; what it lacks loses its accents, or becomes a ?."""
    kept: list[str] = []
    for letter in " ".join(text.split()):
        if letter.isprintable() and ord(letter) < 0x180:
            kept.append(letter)
            continue
        base = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
        kept.append(base or "?")
    return "".join(kept)


class Sheet:
    """An empty picture, `width` x `height`, of one bit a pixel or, if `grey`, eight."""

    def __init__(self, width: int, height: int, *, grey: bool) -> None:
        """Begin black."""
        self.width, self.height, self.grey = width, height, grey
        self.image = Image.new("L" if grey else "1", (width, height))
        self.draw = ImageDraw.Draw(self.image)
        self.draw.fontmode = "L" if grey else "1"

    def ink(self, strength: float = 1.0) -> int:
        """Return the colour of light: without greys any light is all of it."""
        return round(255 * strength) if self.grey else 1

    def measure(self, text: str, size: int) -> int:
        """Return the width of `text` in pixels."""
        words = text.split(" ")
        return sum(self._word(word, size) for word in words) + (len(words) - 1) * _space(size)

    def fit(self, text: str, width: int, sizes: tuple[int, ...]) -> tuple[str, int]:
        """Return `text` and the first of `sizes` in which it has room; else cut it short."""
        text = plain(text)
        for size in sizes:
            if self.measure(text, size) <= width:
                return text, size
        size = sizes[-1]
        while text and self.measure(text + "...", size) > width:
            text = text[:-1]
        return text.rstrip() + "...", size

    def text(
        self,
        x: int,
        y: int,
        text: str,
        size: int = SMALL,
        *,
        width: int | None = None,
        anchor: str = "lt",
        strength: float = 1.0,
    ) -> None:
        """Write `text` with the top of its capitals at `y`; cut to `width` if that is given.

        `anchor` is "lt", "mt" or "rt": whether `x` is its left end, middle or right end.
        """
        text, size = self.fit(text, self.width if width is None else width, (size,))
        x -= {"lt": 0, "mt": self.measure(text, size) // 2, "rt": self.measure(text, size)}[anchor]
        self._write(x, y - _rise(size), text, size, self.ink(strength))

    def lines(self, text: str, width: int, size: int, most: int) -> list[str]:
        """Return `text` broken into at most `most` lines; the last is cut short if need be."""
        found: list[str] = []
        for word in plain(text).split(" "):
            joined = f"{found[-1]} {word}" if found else word
            if found and self.measure(joined, size) <= width:
                found[-1] = joined
            else:
                found.append(word)
        if len(found) > most:
            found[most - 1 :] = [" ".join(found[most - 1 :])]
        return [self.fit(line, width, (size,))[0] for line in found]

    def bar(self, x: int, y: int, width: int, height: int, share: float) -> None:
        """Draw a frame filled from the left by `share`, 0 to 1."""
        self.draw.rectangle((x, y, x + width - 1, y + height - 1), outline=self.ink(0.6))
        filled = round(min(max(share, 0.0), 1.0) * (width - 4))
        if filled:
            self.draw.rectangle((x + 2, y + 2, x + 1 + filled, y + height - 3), fill=self.ink())

    def strip(self, y: int, text: str) -> None:
        """Write `text` dark on light across the bottom from `y` on: nobody overlooks it."""
        self.draw.rectangle((0, y, self.width - 1, self.height - 1), fill=self.ink())
        text, size = self.fit(text, self.width - 4, (SMALL,))
        top = round(font(size).getbbox("H", anchor="ls")[1])
        middle = y + (self.height - y + top) // 2
        self.draw.text((self.width // 2, middle - top), text, font=font(size), fill=0, anchor="ms")

    def _word(self, word: str, size: int) -> int:
        return round(self.draw.textlength(word, font=font(size)))

    def _write(self, x: int, base: int, text: str, size: int, fill: int) -> None:
        """Write word by word: without smoothing the font's own spaces would shrink to nothing."""
        for word in text.split(" "):
            self.draw.text((x, base), word, font=font(size), fill=fill, anchor="ls")
            x += self._word(word, size) + _space(size)

    def moved(self, dx: int, dy: int) -> Image.Image:
        """Return the picture moved by some pixels; what leaves it is gone."""
        if not dx and not dy:
            return self.image
        moved = Image.new(self.image.mode, self.image.size)
        moved.paste(self.image, (dx, dy))
        return moved
