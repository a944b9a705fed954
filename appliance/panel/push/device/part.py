"""The part of the panel that looks for a Push and plays from it."""

from appliance.errors import DeviceError
from appliance.panel.part import Desk, ThreadPart
from appliance.panel.push.device.link import Wires
from appliance.panel.push.device.model import Model
from appliance.panel.push.device.picture_feed import PictureFeed
from appliance.panel.push.device.session import Session
from appliance.panel.push.device.wire import RealWires
from appliance.panel.push.drawing.easel import Easel

_LOOK = 1.0  # seconds between two looks for a Push
_REST = 2.0  # seconds before one that failed is tried again


class PushPart(ThreadPart):
    """Plays `desk`'s surface on whichever Push is plugged in."""

    name = "push"

    def __init__(self, desk: Desk, wires: Wires | None = None) -> None:
        """Prepare; `wires` are the real ones unless given."""
        super().__init__()
        self._desk = desk
        self._wires: Wires = RealWires() if wires is None else wires
        self._easel = Easel(lambda: desk.surface.face.screen, desk.box)
        config = desk.config.panel.push
        self._frames = float(config.frames)
        desk.surface.prefer("/push/leds", float(config.led_brightness))
        desk.surface.prefer("/push/display", float(config.display_brightness))

    def run(self) -> None:
        """Look, play, and look again."""
        while not self.stopping.is_set():
            try:
                model = self._wires.find()
                if model is not None:
                    self._play(model)
            except DeviceError as error:
                self._desk.surface.complain("push", str(error))
                self.stopping.wait(_REST)
                self._desk.surface.complain("push")
            self.stopping.wait(_LOOK)

    def _play(self, model: Model) -> None:
        surface = self._desk.surface
        session = Session(self._wires, model, surface, self._desk.signals)
        feed = None
        if model.product is not None:
            feed = PictureFeed(
                self._easel.picture,
                lambda: self._wires.open_display(model),
                self._frames,
                lambda sentence: surface.complain(
                    "push display", *([sentence] if sentence else [])
                ),
            )
            feed.start()
        try:
            session.run(self.stopping)
        finally:
            if feed is not None:
                feed.stop()
            surface.complain("push display")
