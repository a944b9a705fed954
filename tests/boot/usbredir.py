"""USB devices as Python objects: the device's side of QEMU's usb-redir.

Protocol: usbredir 0.13 (`usb-redirection-protocol.md` of the SPICE project). Connecting to QEMU's
socket plugs the device in, closing it pulls it out. Only what bulk and control devices need.
"""

import contextlib
import socket
import struct
import threading
import time
from collections import defaultdict, deque
from pathlib import Path
from typing import NamedTuple

HELLO, CONNECT, INTERFACES, ENDPOINTS = 0, 1, 4, 5
SET_CONFIGURATION, GET_CONFIGURATION, CONFIGURATION_STATUS = 6, 7, 8
SET_ALTERNATE, GET_ALTERNATE, ALTERNATE_STATUS = 9, 10, 11
START_INTERRUPT, INTERRUPT_STATUS, CANCEL = 15, 17, 21
CONTROL, BULK = 100, 101
CONNECT_VERSION, PACKET_SIZES, LONG_IDS, LONG_BULK = 1 << 1, 1 << 4, 1 << 5, 1 << 6
CAPABILITIES = CONNECT_VERSION | PACKET_SIZES | LONG_IDS | LONG_BULK
OK, CANCELLED, STALLED = 0, 1, 4
_IN = 0x80


class Setup(NamedTuple):
    """A control request: `kind` is bmRequestType, `target` wIndex; `data` came with it."""

    kind: int
    request: int
    value: int
    target: int
    length: int
    data: bytes


class Device:
    """A USB device; subclasses give the descriptors and answer what is theirs."""

    speed = 2
    """0 low, 1 full, 2 high."""
    descriptor = b""
    configuration = b""
    strings: tuple[str, ...] = ()

    def __init__(self, socket_path: Path) -> None:
        """Belong to the port behind `socket_path`; not plugged in yet."""
        self._path = socket_path
        self._socket: socket.socket | None = None
        self._sending = threading.Lock()
        self._queues = threading.Lock()
        self._asked: dict[int, deque[tuple[int, int]]] = defaultdict(deque)
        self._ready: dict[int, deque[bytes]] = defaultdict(deque)
        self._alternates: dict[int, int] = {}
        self._configured = 0
        self.capabilities = 0

    def plug(self) -> None:
        """Plug the device in."""
        self._socket = _connect(self._path)
        self.capabilities = 0
        for queue in (*self._asked.values(), *self._ready.values()):
            queue.clear()
        self.send(HELLO, b"boot bench".ljust(64, b"\0") + struct.pack("<I", CAPABILITIES))
        threading.Thread(target=self._serve, args=(self._socket,), daemon=True).start()

    def unplug(self) -> None:
        """Pull the device out."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            self._socket = None

    def vendor_request(self, setup: Setup) -> bytes | None:
        """Answer a class or vendor request; None stalls."""
        return None

    def received(self, endpoint: int, data: bytes) -> None:
        """Take a bulk transfer that the host wrote."""

    def transmit(self, endpoint: int, data: bytes) -> None:
        """Give `data` to the host's next read of a bulk IN `endpoint` (0x81 to 0x8f)."""
        with self._queues:
            self._ready[endpoint].append(data)
        self._answer_reads(endpoint)

    def send(self, kind: int, body: bytes, number: int = 0) -> None:
        """Send one packet; a device that is pulled out says nothing."""
        header = packet_header(kind, len(body), number, self.capabilities)
        with self._sending, contextlib.suppress(OSError):
            if self._socket is not None:
                self._socket.sendall(header + body)

    def handle(self, kind: int, number: int, body: bytes) -> None:
        """Follow one packet of QEMU's."""
        if kind == HELLO:
            offered = struct.unpack_from("<I", body, 64)[0] if len(body) >= 68 else 0
            self.capabilities = offered & CAPABILITIES
            self._announce()
        elif kind in (SET_CONFIGURATION, GET_CONFIGURATION):
            self._configured = body[0] if kind == SET_CONFIGURATION else self._configured
            self.send(CONFIGURATION_STATUS, bytes([OK, self._configured]), number)
        elif kind in (SET_ALTERNATE, GET_ALTERNATE):
            if kind == SET_ALTERNATE:
                self._alternates[body[0]] = body[1]
            answer = bytes([OK, body[0], self._alternates.get(body[0], 0)])
            self.send(ALTERNATE_STATUS, answer, number)
        elif kind == START_INTERRUPT:
            self.send(INTERRUPT_STATUS, bytes([OK, body[0]]), number)
        elif kind == CANCEL:
            self._cancel(number)
        elif kind == CONTROL:
            self._control(number, body)
        elif kind == BULK:
            self._bulk(number, body)

    def _serve(self, opened: socket.socket) -> None:
        stream = opened.makefile("rb")
        with contextlib.suppress(OSError, ValueError):
            while True:
                size = 16 if self.capabilities & LONG_IDS else 12
                header = stream.read(size)
                if len(header) < size:
                    return
                kind, length, number = struct.unpack("<IIQ" if size == 16 else "<III", header)
                self.handle(kind, number, stream.read(length))

    def _announce(self) -> None:
        interfaces, endpoints = parse_configuration(self.configuration)
        kinds, intervals, owners, sizes = [255] * 32, [0] * 32, [0] * 32, [0] * 32
        for slot in (0, 16):
            kinds[slot], sizes[slot] = 0, 64
        for address, (kind, interval, owner, size) in endpoints.items():
            slot = (address & 15) | (16 if address & _IN else 0)
            kinds[slot], intervals[slot], owners[slot], sizes[slot] = kind, interval, owner, size
        body = bytes([*kinds, *intervals, *owners])
        self.send(ENDPOINTS, body + struct.pack("<32H", *sizes))
        columns = b"".join(
            bytes([row[column] for row in interfaces]).ljust(32, b"\0") for column in range(4)
        )
        self.send(INTERFACES, struct.pack("<I", len(interfaces)) + columns)
        vendor, product, version = struct.unpack_from("<HHH", self.descriptor, 8)
        class_, subclass, protocol = self.descriptor[4:7]
        self.send(
            CONNECT,
            struct.pack(
                "<BBBBHHH", self.speed, class_, subclass, protocol, vendor, product, version
            ),
        )

    def _control(self, number: int, body: bytes) -> None:
        endpoint, request, kind, _, value, index, length = struct.unpack_from("<BBBBHHH", body)
        answer = self._answer(Setup(kind, request, value, index, length, body[10:]))
        status = OK if answer is not None else STALLED
        data = (answer or b"")[:length] if endpoint & _IN else b""
        said = len(data) if endpoint & _IN else length
        self.send(
            CONTROL,
            struct.pack("<BBBBHHH", endpoint, request, kind, status, value, index, said) + data,
            number,
        )

    def _answer(self, setup: Setup) -> bytes | None:
        if setup.kind & 0x60:
            return self.vendor_request(setup)
        if setup.request == 6:
            kind, which = setup.value >> 8, setup.value & 255
            if kind == 3 and which == 0:
                return b"\x04\x03\x09\x04"
            if kind == 3 and which <= len(self.strings):
                text = self.strings[which - 1].encode("utf-16-le")
                return bytes([len(text) + 2, 3]) + text
            return {1: self.descriptor, 2: self.configuration}.get(kind)
        return {0: b"\0\0", 1: b"", 3: b""}.get(setup.request)

    def _bulk(self, number: int, body: bytes) -> None:
        endpoint, _, length, _ = struct.unpack_from("<BBHI", body)
        header = 8
        if self.capabilities & LONG_BULK:
            length |= struct.unpack_from("<H", body, 8)[0] << 16
            header = 10
        if endpoint & _IN:
            with self._queues:
                self._asked[endpoint].append((number, length))
            self._answer_reads(endpoint)
        else:
            self.received(endpoint, body[header:])
            self._bulk_status(endpoint, number, b"", length)

    def _answer_reads(self, endpoint: int) -> None:
        while True:
            with self._queues:
                if not self._asked[endpoint] or not self._ready[endpoint]:
                    return
                number, length = self._asked[endpoint].popleft()
                data = self._ready[endpoint].popleft()[:length]
            self._bulk_status(endpoint, number, data, len(data))

    def _cancel(self, number: int) -> None:
        with self._queues:
            found = [
                (endpoint, asked)
                for endpoint, queue in self._asked.items()
                for asked in queue
                if asked[0] == number
            ]
            for endpoint, asked in found:
                self._asked[endpoint].remove(asked)
        for endpoint, _ in found:
            self._bulk_status(endpoint, number, b"", 0, CANCELLED)

    def _bulk_status(
        self, endpoint: int, number: int, data: bytes, length: int, status: int = OK
    ) -> None:
        header = struct.pack("<BBHI", endpoint, status, length & 0xFFFF, 0)
        if self.capabilities & LONG_BULK:
            header += struct.pack("<H", length >> 16)
        self.send(BULK, header + data, number)


def _connect(path: Path) -> socket.socket:
    """Connect to QEMU, whose socket has its name a moment before it listens."""
    end = time.monotonic() + 10
    while True:
        opened = socket.socket(socket.AF_UNIX)
        try:
            opened.connect(str(path))
        except OSError:
            opened.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return opened


def packet_header(kind: int, length: int, number: int, capabilities: int) -> bytes:
    """Return a packet's header: with ids of 64 bits once both sides have offered them."""
    if capabilities & LONG_IDS:
        return struct.pack("<IIQ", kind, length, number)
    return struct.pack("<III", kind, length, number & 0xFFFFFFFF)


Interface = tuple[int, int, int, int]
"""Number, class, subclass, protocol."""
Endpoint = tuple[int, int, int, int]
"""Kind (2 is bulk), interval, number of its interface, packet size in bytes."""


def parse_configuration(data: bytes) -> tuple[list[Interface], dict[int, Endpoint]]:
    """Return the interfaces and, by address, the endpoints of a configuration descriptor."""
    interfaces: list[Interface] = []
    endpoints: dict[int, Endpoint] = {}
    at = owner = 0
    while at < len(data):
        length, kind = data[at], data[at + 1]
        if kind == 4:
            owner = data[at + 2]
            if data[at + 3] == 0:
                interfaces.append((owner, data[at + 5], data[at + 6], data[at + 7]))
        elif kind == 5:
            (size,) = struct.unpack_from("<H", data, at + 4)
            endpoints[data[at + 2]] = (data[at + 3] & 3, data[at + 6], owner, size)
        at += length
    return interfaces, endpoints


def configuration(body: bytes, interfaces: int) -> bytes:
    """Return a configuration descriptor around the descriptors in `body`."""
    return struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), interfaces, 1, 0, 0x80, 50) + body
