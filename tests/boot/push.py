"""An Ableton Push 2 as USB shows it: a display on bulk endpoint 1, MIDI on endpoint 2.

The descriptors are rebuilt from Ableton's published interface description, not dumped from a Push.
"""

import struct
import threading
import time
from pathlib import Path

import numpy as np
from PIL import Image

from tests.boot.usbredir import Device, configuration

DISPLAY, MIDI_OUT, MIDI_IN = 0x01, 0x02, 0x82
FRAME_HEADER = bytes.fromhex("ffccaa88") + bytes(12)
LINE, VISIBLE, LINES = 1024, 960, 160
FRAME = 2 * LINE * LINES
_MASK = np.frombuffer(bytes.fromhex("e7f3e7ff"), np.uint8)
"""The shaping pattern that the protocol lays over every frame."""
_TOUCH = 0.3
"""Seconds that a finger stays."""
_SYSEX_CODES = {4: 3, 5: 1, 6: 2, 7: 3}
IDENTITY_REQUEST = bytes.fromhex("f07e7f0601f7")
STATISTICS = bytes.fromhex("f000211d01011a")
"""Asks for the power state, with a run number to remember if it is not 0."""
IDENTITY = bytes.fromhex("f07e01060200211d67320200010064000000000000f7")


def _jacks() -> bytes:
    """Two pairs of embedded and external jacks, "Live Port" and "User Port"."""
    jacks = bytes([6, 0x24, 2, 1, 1, 5]) + bytes([6, 0x24, 2, 2, 2, 0])
    jacks += bytes([9, 0x24, 3, 1, 3, 1, 2, 1, 5]) + bytes([9, 0x24, 3, 2, 4, 1, 1, 1, 0])
    jacks += bytes([6, 0x24, 2, 1, 5, 6]) + bytes([6, 0x24, 2, 2, 6, 0])
    return jacks + bytes([9, 0x24, 3, 1, 7, 1, 6, 1, 6]) + bytes([9, 0x24, 3, 2, 8, 1, 5, 1, 0])


def _interfaces() -> bytes:
    jacks = _jacks()
    out = struct.pack("<BBBBHBBB", 9, 5, MIDI_OUT, 2, 512, 0, 0, 0) + bytes([6, 0x25, 1, 2, 1, 5])
    back = struct.pack("<BBBBHBBB", 9, 5, MIDI_IN, 2, 512, 0, 0, 0) + bytes([6, 0x25, 1, 2, 3, 7])
    header = struct.pack("<BBBHH", 7, 0x24, 1, 0x100, 7 + len(jacks) + len(out) + len(back))
    display = bytes([9, 4, 0, 0, 1, 0xFF, 0, 0, 4])
    display += struct.pack("<BBBBHB", 7, 5, DISPLAY, 2, 512, 0)
    control = bytes([9, 4, 1, 0, 0, 1, 1, 0, 0]) + struct.pack(
        "<BBBHHBB", 9, 0x24, 1, 0x100, 9, 1, 2
    )
    midi = bytes([9, 4, 2, 0, 2, 1, 3, 0, 0]) + header + jacks + out + back
    return display + control + midi


class Push2(Device):
    """The Push: keeps what it is shown, answers who it is, and has pads to press."""

    descriptor = struct.pack(
        "<BBHBBBBHHHBBBB", 18, 1, 0x200, 0xEF, 2, 1, 64, 0x2982, 0x1967, 0x0100, 1, 2, 3, 1
    )
    configuration = configuration(_interfaces(), 3)
    strings = (
        "Ableton AG",
        "Ableton Push 2",
        "BENCH001",
        "Ableton Push 2 Display",
        "Live Port",
        "User Port",
    )

    def __init__(self, socket_path: Path) -> None:
        """Belong to the port behind `socket_path`; dark, with no LED lit."""
        super().__init__(socket_path)
        self.frames = 0
        self.frame = b""
        self.leds: dict[tuple[str, int], int] = {}
        self.messages: list[bytes] = []
        self.run = 0
        self._display = bytearray()
        self._sysex = {0: bytearray(), 1: bytearray()}
        self._lock = threading.Lock()

    def received(self, endpoint: int, data: bytes) -> None:
        """Take a part of a picture, or MIDI events of four bytes each."""
        if endpoint == DISPLAY:
            self._show(data)
        elif endpoint == MIDI_OUT:
            for at in range(0, len(data) - 3, 4):
                self._event(data[at] >> 4, data[at] & 15, data[at + 1 : at + 4])

    def strike(self, pad: int, velocity: int = 100) -> None:
        """Press a pad (note 36 to 99) on the Live port and let it go."""
        self.transmit(MIDI_IN, bytes([0x09, 0x90, pad, velocity]))
        time.sleep(_TOUCH)
        self.transmit(MIDI_IN, bytes([0x08, 0x80, pad, 0]))

    def click(self, button: int) -> None:
        """Press a button (its controller) and let it go."""
        for value in (127, 0):
            self.transmit(MIDI_IN, bytes([0x0B, 0xB0, button, value]))
            time.sleep(_TOUCH)

    def image(self) -> Image.Image:
        """Return the last whole picture, RGB, 960 x 160."""
        return decode_frame(self.frame)

    def _show(self, data: bytes) -> None:
        with self._lock:
            if data[:4] == FRAME_HEADER[:4] and len(data) == len(FRAME_HEADER):
                self._display.clear()
                return
            self._display += data
            if len(self._display) >= FRAME:
                self.frame, self.frames = bytes(self._display[:FRAME]), self.frames + 1
                self._display.clear()

    def _event(self, cable: int, code: int, data: bytes) -> None:
        if (
            code in _SYSEX_CODES
            and cable in self._sysex
            and (self._sysex[cable] or data[0] == 0xF0)
        ):
            self._sysex[cable] += data[: _SYSEX_CODES[code]]
            if code != 4:
                message = bytes(self._sysex[cable])
                self._sysex[cable].clear()
                self.messages.append(message)
                if (
                    message == IDENTITY_REQUEST
                    or message[:5] == IDENTITY_REQUEST[:2] + b"\x01\x06\x01"
                ):
                    self._reply(cable, IDENTITY)
                elif message.startswith(STATISTICS) and len(message) == len(STATISTICS) + 2:
                    self.run = message[-2] or self.run
                    self._reply(cable, STATISTICS + bytes((1, self.run, 0, 0, 0, 0, 0, 0xF7)))
            return
        if code in (8, 9):
            self.leds["note", data[1]] = data[2] if code == 9 else 0
        elif code == 11:
            self.leds["control", data[1]] = data[2]

    def _reply(self, cable: int, message: bytes) -> None:
        events = b""
        for at in range(0, len(message), 3):
            part = message[at : at + 3]
            last = at + 3 >= len(message)
            code = 4 + len(part) if last else 4
            events += bytes([cable << 4 | code]) + part.ljust(3, b"\0")
        self.transmit(MIDI_IN, events)


def decode_frame(data: bytes) -> Image.Image:
    """Return a frame of 327,680 bytes as a picture: BGR565, 64 bytes of filler a line."""
    raw = np.frombuffer(data, np.uint8).reshape(-1, 4) ^ _MASK
    words = raw.reshape(LINES, 2 * LINE).view("<u2")[:, :VISIBLE]
    red, green, blue = words & 31, words >> 5 & 63, words >> 11
    colours = np.stack([red * 255 // 31, green * 255 // 63, blue * 255 // 31], axis=-1)
    return Image.fromarray(colours.astype(np.uint8))
