"""What the engine tells those who subscribed: its status, and parameters as they change.

A datagram of parameters is an OSC bundle of plain messages, ``/offset/3/value 0.5``, so that any
controller follows by them. Nobody is told the same value twice between two subscriptions.
"""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.parameters import Values

SUBSCRIPTION = 30.0  # seconds
FASTEST = 30.0  # messages a second that a subscriber may ask for
_SUBSCRIBERS = 16
_BUNDLE = b"#bundle\0\0\0\0\0\0\0\0\1"  # to be followed at once
_PER_DATAGRAM = 256  # parameters, so that none is larger than 16 KB

Address = tuple[str, int]


@dataclass(slots=True)
class _Subscriber:
    end: float
    interval: float
    due: float
    told: NDArray[np.float64] | None
    """The values it knows, NaN where none; None if it wants the status."""


class Feed:
    """Keeps the subscribers; `send` puts one datagram on its way and says whether it went."""

    def __init__(
        self,
        values: Values,
        status: Callable[[], dict[str, Any]],
        send: Callable[[Address, bytes], bool],
    ) -> None:
        """Begin without subscribers."""
        self._values = values
        self._status = status
        self._send = send
        self._subscribers: dict[tuple[Address, bool], _Subscriber] = {}
        self._heads = [_head(parameter.address) for parameter in values.table]

    def subscribe(self, who: Address, now: float, rate: float, *, parameters: bool) -> None:
        """Tell `who` up to `rate` times a second, from `now` for 30 seconds; 0 ends it.

        A subscriber to the parameters is told all of them first, and again at each asking.
        """
        key = (who, parameters)
        known = self._subscribers.get(key)
        if rate <= 0 or (known is None and len(self._subscribers) >= _SUBSCRIBERS):
            self._subscribers.pop(key, None)
            return
        told = np.full(len(self._values.array), np.nan) if parameters else None
        due = known.due if known is not None else now
        interval = 1 / min(rate, FASTEST)
        self._subscribers[key] = _Subscriber(now + SUBSCRIPTION, interval, due, told)

    def wait(self, now: float, longest: float) -> float:
        """Return the seconds until somebody is to be told, at most `longest`."""
        due = min((s.due for s in self._subscribers.values()), default=now + longest)
        return max(0.0, min(longest, due - now))

    def tell(self, now: float) -> None:
        """Tell everybody whose turn has come."""
        text: bytes | None = None
        for key, subscriber in list(self._subscribers.items()):
            if subscriber.end <= now:
                del self._subscribers[key]
                continue
            if subscriber.due > now:
                continue
            # After a delay the rhythm goes on; what was missed is not made up for.
            subscriber.due += subscriber.interval * ((now - subscriber.due) // subscriber.interval)
            subscriber.due += subscriber.interval
            if subscriber.told is None:
                text = text or status_message(self._status())
                datagrams = [text]
            else:
                datagrams = self._changes(subscriber.told)
            if not all(self._send(key[0], datagram) for datagram in datagrams):
                del self._subscribers[key]

    def _changes(self, told: NDArray[np.float64]) -> list[bytes]:
        """Return datagrams of what differs from `told`, which is brought up to date."""
        now = self._values.array
        changed = np.flatnonzero(now != told)
        told[changed] = now[changed]
        datagrams: list[bytes] = []
        for start in range(0, len(changed), _PER_DATAGRAM):
            parts = [_BUNDLE]
            for index in changed[start : start + _PER_DATAGRAM].tolist():
                parts += (self._heads[index], struct.pack(">f", told[index]))
            datagrams.append(b"".join(parts))
        return datagrams


def status_message(status: dict[str, Any]) -> bytes:
    """Return the datagram of ``/status`` with one JSON text."""
    return b"/status\0,s\0\0" + _padded(json.dumps(status).encode())


def _head(address: str) -> bytes:
    """Return what comes before the value in a bundle: the length, the address and the type."""
    message = _padded(address.encode()) + b",f\0\0"
    return struct.pack(">i", len(message) + 4) + message


def _padded(text: bytes) -> bytes:
    return text + b"\0" * (4 - len(text) % 4)
