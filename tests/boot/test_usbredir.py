"""The emulated devices, driven by a host that speaks the protocol from the other end."""

import socket
import struct
from pathlib import Path

import numpy as np
import pytest

from tests.boot import usbredir
from tests.boot.display import TinyUsbDisplay
from tests.boot.push import FRAME, FRAME_HEADER, IDENTITY, IDENTITY_REQUEST, MIDI_IN, Push2
from tests.boot.usbredir import Device


class Host:
    """QEMU's end of the socket, for one device."""

    def __init__(self, path: Path, capabilities: int = usbredir.CAPABILITIES) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(1)
        self.offered = capabilities
        self.capabilities = 0

    def accept(self) -> None:
        self.socket, _ = self.listener.accept()
        self.socket.settimeout(10)
        self.stream = self.socket.makefile("rb")
        assert self.receive()[0] == usbredir.HELLO
        self.send(usbredir.HELLO, bytes(64) + struct.pack("<I", self.offered))
        self.capabilities = self.offered
        self.announced = [self.receive() for _ in range(3)]

    def send(self, kind: int, body: bytes, number: int = 0) -> None:
        self.socket.sendall(
            usbredir.packet_header(kind, len(body), number, self.capabilities) + body
        )

    def receive(self) -> tuple[int, int, bytes]:
        long = bool(self.capabilities & usbredir.LONG_IDS)
        header = self.stream.read(16 if long else 12)
        kind, length, number = struct.unpack("<IIQ" if long else "<III", header)
        return kind, number, self.stream.read(length)

    def control(
        self,
        kind: int,
        request: int,
        value: int = 0,
        target: int = 0,
        length: int = 255,
        data: bytes = b"",
    ) -> tuple[int, bytes]:
        head = (kind & 0x80, request, kind, 0, value, target, length if kind & 0x80 else len(data))
        self.send(usbredir.CONTROL, struct.pack("<BBBBHHH", *head) + data, 7)
        answered, number, body = self.receive()
        assert (answered, number) == (usbredir.CONTROL, 7)
        return body[3], body[10:]

    def bulk(self, endpoint: int, data: bytes = b"", length: int = 0, number: int = 9) -> None:
        size = len(data) or length
        head = struct.pack("<BBHI", endpoint, 0, size & 0xFFFF, 0)
        if self.capabilities & usbredir.LONG_BULK:
            head += struct.pack("<H", size >> 16)
        self.send(usbredir.BULK, head + data, number)

    def bulk_answer(self) -> tuple[int, int, bytes]:
        kind, number, body = self.receive()
        assert kind == usbredir.BULK
        return number, body[1], body[10 if self.capabilities & usbredir.LONG_BULK else 8 :]


def plugged(path: Path, kind: type[Device], capabilities: int = usbredir.CAPABILITIES) -> Host:
    host = Host(path / "port", capabilities)
    device = kind(path / "port")
    device.plug()
    host.accept()
    host.device = device  # type: ignore[attr-defined]
    return host


def test_a_push_announces_its_interfaces_and_endpoints(tmp_path: Path) -> None:
    host = plugged(tmp_path, Push2)
    kinds = [kind for kind, _, _ in host.announced]
    assert kinds == [usbredir.ENDPOINTS, usbredir.INTERFACES, usbredir.CONNECT]
    endpoints, interfaces, connect = (body for _, _, body in host.announced)
    assert [endpoints[slot] for slot in (0, 1, 2, 16, 18, 3)] == [0, 2, 2, 0, 2, 255]
    assert struct.unpack_from("<I", interfaces)[0] == 3
    assert struct.unpack_from("<HH", connect, 4) == (0x2982, 0x1967)


@pytest.mark.parametrize("capabilities", [usbredir.CAPABILITIES, usbredir.CONNECT_VERSION])
def test_descriptors_are_answered_in_either_framing(tmp_path: Path, capabilities: int) -> None:
    host = plugged(tmp_path, Push2, capabilities)
    assert host.control(0x80, 6, 0x0100, length=18) == (usbredir.OK, Push2.descriptor)
    status, text = host.control(0x80, 6, 0x0302)
    assert text[2:].decode("utf-16-le") == "Ableton Push 2"
    assert host.control(0x80, 6, 0x0309)[0] == usbredir.STALLED
    total = struct.unpack_from("<H", Push2.configuration, 2)[0]
    assert total == len(Push2.configuration)
    assert status == usbredir.OK


def test_a_read_waits_for_data_and_can_be_cancelled(tmp_path: Path) -> None:
    host = plugged(tmp_path, Push2)
    push: Push2 = host.device  # type: ignore[attr-defined]
    host.bulk(MIDI_IN, length=512, number=21)
    push.transmit(MIDI_IN, bytes([9, 0x90, 36, 90]))
    assert host.bulk_answer() == (21, usbredir.OK, bytes([9, 0x90, 36, 90]))
    host.bulk(MIDI_IN, length=512, number=22)
    host.send(usbredir.CANCEL, b"", 22)
    assert host.bulk_answer()[:2] == (22, usbredir.CANCELLED)


def test_a_push_says_who_it_is_and_keeps_its_leds(tmp_path: Path) -> None:
    host = plugged(tmp_path, Push2)
    push: Push2 = host.device  # type: ignore[attr-defined]
    host.bulk(2, bytes([4]) + IDENTITY_REQUEST[:3] + bytes([7]) + IDENTITY_REQUEST[3:])
    host.bulk_answer()
    host.bulk(MIDI_IN, length=512)
    events = host.bulk_answer()[2]
    said = b"".join(
        events[at + 1 : at + 1 + {4: 3, 5: 1, 6: 2, 7: 3}[events[at] & 15]]
        for at in range(0, len(events), 4)
    )
    assert said == IDENTITY
    host.bulk(2, bytes([9, 0x90, 40, 122, 0x0B, 0xB0, 85, 1]))
    host.bulk_answer()
    assert push.leds == {("note", 40): 122, ("control", 85): 1}


def test_a_frame_is_shown_as_it_was_drawn(tmp_path: Path) -> None:
    host = plugged(tmp_path, Push2)
    push: Push2 = host.device  # type: ignore[attr-defined]
    words = np.zeros((160, 1024), "<u2")
    words[10, 20] = 31  # red is in the lowest bits
    mask = np.frombuffer(bytes.fromhex("e7f3e7ff"), np.uint8)
    data = (words.view(np.uint8).reshape(-1, 4) ^ mask).tobytes()
    host.bulk(1, FRAME_HEADER)
    host.bulk_answer()
    for at in range(0, FRAME, 16384 * 5):
        host.bulk(1, data[at : at + 16384 * 5])
        host.bulk_answer()
    assert push.frames == 1
    assert push.image().getpixel((20, 10)) == (255, 0, 0)
    assert push.image().getpixel((21, 10)) == (0, 0, 0)


def test_the_display_shows_what_i2c_brings(tmp_path: Path) -> None:
    host = plugged(tmp_path, TinyUsbDisplay)
    device: TinyUsbDisplay = host.device  # type: ignore[attr-defined]
    assert host.control(0xC0, 1, length=4)[1] == struct.pack("<I", 0x0EFF0009)
    write = lambda data: host.control(0x40, 7, target=0x3C, data=data)  # noqa: E731
    write(bytes([0x00, 0xAF, 0x21, 2, 4, 0x22, 1, 2]))
    write(b"\x40" + bytes([1, 0, 0x80, 0xFF]))
    assert host.control(0xC0, 3, length=1)[1] == b"\x01"
    picture = device.display.image()
    assert picture.getpixel((2, 8)) == picture.getpixel((4, 15)) == 1
    assert picture.getpixel((2, 16)) == 1  # the second page begins at the column again
    write(bytes([0x00, 0xAE]))
    assert device.display.image().getbbox() is None
    host.control(0x40, 7, target=0x50, data=b"\x00")
    assert host.control(0xC0, 3, length=1)[1] == b"\x02"
