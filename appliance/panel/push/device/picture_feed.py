"""The thread that keeps a Push's display fed: slow or stalled, it delays nothing else."""

import threading
import time
from collections.abc import Callable

from PIL import Image

from appliance.errors import ApplianceError, DeviceError
from appliance.panel.push.device.frame import Frame
from appliance.panel.push.device.link import DisplayLink

_KEEP = 1.0  # seconds: after two without a frame the display is black
_RETRY = 2.0


class PictureFeed:
    """Shows what `picture` returns, as `Easel` does, at most `rate` times a second.

    A slow processor shows fewer: the thread rests at least as long as a picture took to compute.
    `open_display` is tried until it gives a display. `tell` hears what is wrong, and None when all
    is well again.
    """

    def __init__(
        self,
        picture: Callable[[], tuple[int, Image.Image]],
        open_display: Callable[[], DisplayLink],
        rate: float,
        tell: Callable[[str | None], None],
    ) -> None:
        """Prepare the thread."""
        self.frames = 0
        """Frames written so far."""
        self._picture = picture
        self._open = open_display
        self._interval = 1 / rate
        self._tell = tell
        self._encoder = Frame()
        self._link: DisplayLink | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="push display", daemon=True)

    def start(self) -> None:
        """Start feeding."""
        self._thread.start()

    def stop(self) -> None:
        """Stop within the time of one transfer and let the display go."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=2)

    def _run(self) -> None:
        seen, written, due = 0, 0.0, 0.0
        frame, drawn = b"", True
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            due, worked = time.monotonic() + self._interval, time.thread_time()
            if self._link is None:
                if not self._connect():
                    due = time.monotonic() + _RETRY
                    continue
                seen, written = 0, 0.0
            try:
                number, picture = self._picture()
            except ApplianceError as error:  # such as a typeface that is not installed
                self._tell(str(error))
                drawn, due = False, time.monotonic() + _RETRY
                continue
            if not drawn:
                drawn = True
                self._tell(None)
            if number != seen:
                seen, frame = number, self._encoder.encode(picture)
            elif time.monotonic() - written < _KEEP:
                continue
            if self._write(frame):
                written = time.monotonic()
            due = max(due, time.monotonic() + time.thread_time() - worked)
        if self._link is not None:
            self._link.close()

    def _connect(self) -> bool:
        try:
            self._link = self._open()
        except (DeviceError, ImportError) as error:
            self._tell(str(error))
            return False
        self._tell(None)
        return True

    def _write(self, frame: bytes) -> bool:
        assert self._link is not None
        try:
            self._link.write(frame)
        except DeviceError as error:
            self._tell(str(error))
            self._link.close()
            self._link = None
            return False
        self.frames += 1
        return True
