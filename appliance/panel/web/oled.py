"""The status display as a page shows it: the same part as the real one, on glass of pixels."""

from PIL import Image

from appliance.panel.oled.part import OledPart
from appliance.panel.part import Desk
from appliance.panel.web.display import Display, Screens


class PageOled:
    """A display of 128 x 64 that every page looks at."""

    width, height, grey = 128, 64, False

    def __init__(self, desk: Desk) -> None:
        """Prepare; nothing is shown before `start`."""
        self.display = Display(Screens.OLED)
        self._part = OledPart(desk, lambda _: self)

    def start(self) -> None:
        """Begin to show."""
        self._part.start()

    def stop(self) -> None:
        """Show no more."""
        self._part.stop()

    def show(self, image: Image.Image) -> None:
        """Take a picture over."""
        self.display.show(image.convert("L"))

    def contrast(self, level: int) -> None:
        """Stay as bright as it is: a page has no burn-in."""

    def close(self) -> None:
        """Do nothing: there is no device."""
