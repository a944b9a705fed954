"""The addresses by which this machine is reached."""

import fcntl
import socket
import struct

_ASK_ADDRESS = 0x8915  # SIOCGIFADDR
_NAME = 16  # bytes of an interface's name in such a question


def addresses() -> list[str]:
    """Return the IPv4 addresses of all interfaces but loopback, as "name address"."""
    found: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, name in socket.if_nameindex():
            question = struct.pack("256s", name.encode()[: _NAME - 1])
            try:
                answer = fcntl.ioctl(asking.fileno(), _ASK_ADDRESS, question)
            except OSError:
                continue  # it has none
            address = socket.inet_ntoa(answer[20:24])
            if not address.startswith("127."):
                found.append(f"{name} {address}")
    return found
