"""What the engine sends to its subscribers, taken apart."""

import struct
from collections.abc import Iterator
from typing import Any

from pythonosc.osc_message import ParseError
from pythonosc.osc_packet import OscPacket
from pythonosc.osc_packet import ParseError as PacketParseError

_HEADER = 16  # "#bundle" and a time
_TAIL = 8  # ",f" and the number
_FLOAT = b",f\0\0"


def messages(data: bytes) -> Iterator[tuple[str, list[Any]]]:
    """Yield (address, arguments) for each message in a datagram; nonsense yields nothing.

    A bundle of plain numbers, as the engine sends a hundred times a second, is read at once.
    """
    if data.startswith(b"#bundle\0"):
        found = _numbers(data)
        if found is not None:
            for address, value in found:
                yield address, [value]
            return
    try:
        parsed = [timed.message for timed in OscPacket(data).messages]
    except (PacketParseError, ParseError, ValueError, IndexError, UnicodeDecodeError):
        return
    for message in parsed:
        yield str(message.address), list(message.params)


def _numbers(data: bytes) -> list[tuple[str, float]] | None:
    """Return what a bundle of one float each says, None if it says anything else."""
    found: list[tuple[str, float]] = []
    place = _HEADER
    while place + 4 <= len(data):
        (size,) = struct.unpack_from(">i", data, place)
        end = place + 4 + size
        if size < _TAIL or end > len(data) or data[end - _TAIL : end - 4] != _FLOAT:
            return None
        address = data[place + 4 : end - _TAIL].rstrip(b"\0")
        (value,) = struct.unpack_from(">f", data, end - 4)
        found.append((address.decode("ascii", "replace"), value))
        place = end
    return found if place == len(data) else None
