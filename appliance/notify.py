"""systemd's notify protocol: ready, status, still alive; silent where nobody listens."""

import contextlib
import os
import socket
from collections.abc import Mapping


class ServiceManager:
    """The service manager that started this process, if one did and wants to know."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Read $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID as sd_notify(3) has them."""
        address = environment.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the zero byte of an abstract socket.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_seconds = _watchdog_seconds(environment)
        """Silence after which the process is killed; None if nobody watches."""

    @property
    def listens(self) -> bool:
        """Whether anybody wants to know."""
        return bool(self._address)

    def ready(self) -> None:
        """Tell that start-up is over."""
        self._send("READY=1")

    def alive(self) -> None:
        """Tell that the work goes on."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Tell that the end has begun."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """Give one line for `systemctl status`."""
        self._send("STATUS=" + " ".join(text.split()))

    def _send(self, message: str) -> None:
        if not self._address:
            return
        # Whoever asked may be gone, and a full queue must not stop the sound.
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out,
        ):
            out.setblocking(False)
            out.sendto(message.encode(), self._address)


def _watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    period, process = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    meant = not process or process == str(os.getpid())
    return int(period) / 1e6 if period.isdecimal() and int(period) > 0 and meant else None
