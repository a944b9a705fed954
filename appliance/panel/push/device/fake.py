"""A Push that keeps the rules of the real ones: what breaks them is noted, what obeys is shown."""

import time
from collections.abc import Callable, Sequence

from PIL import Image

from appliance.errors import DeviceError
from appliance.panel.push.controls import PEDALS, Button, Lamp, note_of, pad_of
from appliance.panel.push.device.frame import BYTES, HEIGHT, WIDTH, decode
from appliance.panel.push.device.link import Receive
from appliance.panel.push.device.model import Model
from appliance.panel.push.device.sysex import IDENTITY_REQUEST, LCD_LINES, LCD_WIDTH

_BLANK_AFTER = 2.0  # seconds without a frame
_USB_LEDS, _USB_DISPLAY = 8, 100  # what USB power allows
_ABLETON = bytes((0x00, 0x21, 0x1D, 0x01, 0x01))
_AKAI = bytes((0x47, 0x7F, 0x15))
# How many bytes follow each command of Push 2 and 3 that we may send; others can do harm.
_LENGTHS = {
    0x03: 9, 0x05: 0, 0x06: 1, 0x08: 2, 0x0A: 1, 0x17: 1, 0x19: 16, 0x1A: 1, 0x1E: 1,
}  # fmt: skip
_AKAI_COMMANDS = {0x62: 4, 0x5C: 3, 0x63: 3, **dict.fromkeys(range(0x18, 0x1C), LCD_WIDTH + 3)}


class FakePush:
    """A machine with at most one Push plugged in, on the wires' side; the Push on the other.

    `clock` is in seconds. `broken` lists every rule that was broken.
    """

    def __init__(self, model: Model, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with the Push unplugged."""
        self.model = model
        self.plugged = False
        self.silent = False
        """Ports that are there but dead, as after a replug that was not noticed."""
        self.stalled = 0.0
        """Seconds that the display takes for a frame before it fails."""
        self.external_power = True
        self.tells_power = True
        self.broken: list[str] = []
        self.frames: list[bytes] = []
        """The last frames shown, at most eight."""
        self.frame_count = 0
        self._clock = clock
        self._receive: Receive | None = None
        self._plugs = 0
        self.switch_on()

    def switch_on(self) -> None:
        """Start as after power-on: everything dark, the Live port in use, nothing remembered."""
        self.mode = 0 if self.model.ableton else None
        self.run = 0
        self.palette: dict[int, tuple[tuple[int, int, int], int]] = {0: ((0, 0, 0), 0)}
        self._applied = dict(self.palette)
        self.leds, self.display_level = 127, 255
        self.pads: dict[int, tuple[int, int]] = {}
        """The last value and animation channel of each pad."""
        self.buttons: dict[str, tuple[int, int]] = {}
        self.strip: Sequence[int] = (0,) * 31
        self.strip_by_host = False
        self.moving = False
        """Whether lights move: only after a start message."""
        self.poly = False
        self.lines = [" " * LCD_WIDTH] * LCD_LINES
        self._shown = -_BLANK_AFTER

    def plug(self) -> None:
        """Plug it in: another power-on."""
        self.switch_on()
        self.plugged, self.silent = True, False
        self._plugs += 1

    def unplug(self) -> None:
        """Pull the cable."""
        self.plugged = False
        self._receive = None

    def play(self, *message: int) -> None:
        """Let the Push send one message."""
        if self.plugged and not self.silent and self._receive is not None:
            self._receive(bytes(message))

    @property
    def led_level(self) -> int:
        """The brightness of the lights as the power allows."""
        return self.leds if self.external_power else min(self.leds, _USB_LEDS)

    @property
    def display_power(self) -> int:
        """The brightness of the display as the power allows."""
        return self.display_level if self.external_power else min(self.display_level, _USB_DISPLAY)

    def colour(self, pad: int) -> tuple[int, int, int] | None:
        """Return the colour of a pad of Push 2 or 3, None for one of the factory's colours."""
        entry = self._applied.get(self.pads.get(pad, (0, 0))[0])
        return None if entry is None else entry[0]

    def image(self) -> Image.Image:
        """Return what the display shows: black when no frame came for two seconds."""
        if not self.frames or self._clock() - self._shown > _BLANK_AFTER:
            return Image.new("RGB", (WIDTH, HEIGHT))
        return decode(self.frames[-1])

    # The wires' side.

    def find(self) -> Model | None:
        """Return the model while it is plugged in."""
        return self.model if self.plugged else None

    def open_midi(self, model: Model, receive: Receive) -> "FakeMidi":
        """Open its ports."""
        self._check(self._plugs)
        if model is not self.model:
            raise DeviceError(f"There is no {model.name} here.")
        self._receive = receive
        return FakeMidi(self, self._plugs)

    def open_display(self, model: Model) -> "FakeDisplay":
        """Open its display."""
        self._check(self._plugs)
        if model.product is None:
            raise DeviceError("A Push 1 has no display on USB.")
        return FakeDisplay(self, self._plugs)

    def _check(self, plugs: int) -> None:
        if not self.plugged or plugs != self._plugs:
            raise DeviceError(f"{self.model.name} is gone.")

    def take(self, message: bytes, plugs: int) -> None:
        """Take one message from an opening of the ports in the time of `plugs`."""
        if not self.plugged or plugs != self._plugs or self.silent:
            return  # as rtmidi: what is sent to a port that is gone vanishes without an error
        if not message or message[0] < 0x80:
            self.broken.append(f"not a message: {message.hex(' ')}")
        elif message[0] == 0xF0:
            self._sysex(message)
        elif message == b"\xfa":
            self.moving = True
        elif len(message) != 3 or any(byte > 0x7F for byte in message[1:]):
            self.broken.append(f"a bad message: {message.hex(' ')}")
        else:
            self._short(message[0] & 0xF0, message[0] & 0x0F, message[1], message[2])

    def _short(self, kind: int, channel: int, number: int, value: int) -> None:
        if channel and not self.model.ableton:
            self.broken.append(f"channel {channel} on a Push 1")
        if kind == 0x90 and pad_of(number) is not None:
            pad = pad_of(number)
            assert pad is not None
            self.pads[pad] = (value, channel)
        elif kind == 0xB0 and (button := self._button(number)) is not None:
            if button.lamp is Lamp.NONE:
                self.broken.append(f"a light for {button.name}, which has none")
            if button.lamp is Lamp.RED_GREEN and value > 24:
                self.broken.append(f"{value} for the red and green light of {button.name}")
            if not self.model.ableton and button.lamp is Lamp.WHITE and value > 6:
                self.broken.append(f"{value} for the white light of {button.name}")
            self.buttons[button.name] = (value, channel)
        elif not (kind == 0xE0 and not self.model.ableton):
            self.broken.append(f"{kind:#x} {number} {value}: there is no such light")

    def _button(self, number: int) -> Button | None:
        return next((b for b in self.model.controls.buttons if b.number == number), None)

    def _sysex(self, message: bytes) -> None:
        body = message[1:-1]
        if message[-1] != 0xF7 or any(byte > 0x7F for byte in body):
            self.broken.append(f"a broken system exclusive message: {message.hex(' ')}")
        elif message == IDENTITY_REQUEST:
            self._identify()
        elif self.model.ableton and body.startswith(_ABLETON):
            self._ableton(body[len(_ABLETON)], body[len(_ABLETON) + 1 :])
        elif not self.model.ableton and body.startswith(_AKAI):
            self._akai(body[len(_AKAI)], body[len(_AKAI) + 1 :])
        else:
            self.broken.append(f"not for this device: {message.hex(' ')}")

    def _identify(self) -> None:
        product = self.model.product
        if product is None:
            tail = bytes((0x47, 0x15, 0x00, 0x19, 0x00, 1, 1, 6, *([0] * 22)))
            self.play(0xF0, 0x7E, 0x00, 0x06, 0x02, *tail, 0xF7)
            return
        number = (product & 0x7F, product >> 7)
        serial = (0x01, 0x02, 0x03, 0x04, 0x05)
        self.play(
            0xF0, 0x7E, 0x01, 0x06, 0x02, 0x00, 0x21, 0x1D, *number,
            0x02, 0x00, 1, 0, 0x3F, 0, *serial, 1, 0xF7,
        )  # fmt: skip

    def _ableton(self, command: int, data: bytes) -> None:
        if _LENGTHS.get(command) != len(data):
            self.broken.append(f"command {command:#x} with {len(data)} bytes")
            return
        match command:
            case 0x03:
                parts = [low | high << 7 for low, high in zip(data[1::2], data[2::2], strict=True)]
                if max(parts) > 255:
                    self.broken.append("a colour above 255")
                self.palette[data[0]] = ((parts[0], parts[1], parts[2]), parts[3])
            case 0x05:
                self._applied = dict(self.palette)
            case 0x06:
                self.leds = data[0]
            case 0x08:
                self.display_level = data[0] | data[1] << 7
            case 0x0A:
                self.mode = data[0]
                self.play(0xF0, *_ABLETON, 0x0A, data[0], 0xF7)
            case 0x17:
                self.strip_by_host = bool(data[0] & 1)
            case 0x19:
                if not self.strip_by_host:
                    self.broken.append("strip lights without leave")
                self.strip = [v for byte in data for v in (byte & 7, byte >> 3)][:31]
            case 0x1E:
                self.poly = data[0] == 1
            case _:
                self._tell_power(data[0])

    def _tell_power(self, run: int) -> None:
        self.run = run or self.run
        if self.tells_power:
            uptime = (0, 0, 0, 0, 0)
            self.play(0xF0, *_ABLETON, 0x1A, int(self.external_power), self.run, *uptime, 0xF7)

    def _akai(self, command: int, data: bytes) -> None:
        if command not in _AKAI_COMMANDS:
            self.broken.append(f"command {command:#x}, which may harm a Push 1")
        elif 0x18 <= command <= 0x1B:
            if len(data) != LCD_WIDTH + 3 or data[1] != LCD_WIDTH + 1:
                self.broken.append("a line of text of a wrong length")
                return
            self.lines[command - 0x18] = data[3:].decode("ascii")
        elif command == 0x62:
            self.mode = data[2]

    def show(self, frame: bytes, plugs: int) -> None:
        """Take one frame from an opening of the display in the time of `plugs`."""
        if self.stalled:
            time.sleep(self.stalled)
            raise DeviceError("The display has stalled.")
        self._check(plugs)
        if len(frame) != BYTES:
            self.broken.append(f"a frame of {len(frame)} bytes")
            return
        self._shown = self._clock()
        self.frame_count += 1
        self.frames = [*self.frames[-7:], frame]


class FakeMidi:
    """An opening of the ports."""

    def __init__(self, push: FakePush, plugs: int) -> None:
        """Belong to one plugging in."""
        self._push, self._plugs = push, plugs

    def send(self, message: bytes) -> None:
        """Send one message."""
        self._push.take(message, self._plugs)

    def close(self) -> None:
        """Let the ports go."""


class FakeDisplay:
    """An opening of the display."""

    def __init__(self, push: FakePush, plugs: int) -> None:
        """Belong to one plugging in."""
        self._push, self._plugs = push, plugs

    def write(self, frame: bytes) -> None:
        """Show one frame."""
        self._push.show(frame, self._plugs)

    def close(self) -> None:
        """Let the display go."""


def press_pad(push: FakePush, pad: int, velocity: int = 100) -> None:
    """Strike a pad and let it go."""
    push.play(0x90, note_of(pad), velocity)
    push.play(0x80, note_of(pad), 0)


def step(push: FakePush, jack: int, *, down: bool) -> None:
    """Move the pedal in a jack."""
    number = next(n for n, j in PEDALS.items() if j == jack)
    push.play(0xB0, number, 0x7F if down else 0)
