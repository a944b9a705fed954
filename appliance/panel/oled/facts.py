"""What the machine says of itself: temperature, power, clock, addresses, disk. Never raises."""

import contextlib
import shutil
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

try:
    import fcntl
except ImportError:  # not every system has interfaces to ask so
    fcntl = None

_SIOCGIFADDR = 0x8915
_UNDER_VOLTAGE_NOW, _THROTTLED_NOW = 1 << 0, 1 << 1 | 1 << 2 | 1 << 3


@dataclass(frozen=True, slots=True)
class Machine:
    """`temperature` is in degrees Celsius, None if nobody measures it; sizes are in bytes."""

    temperature: float | None = None
    throttled: bool = False
    under_voltage: bool = False
    free: int = 0
    total: int = 0
    addresses: tuple[tuple[str, str], ...] = ()


def machine(folder: Path, root: Path = Path("/")) -> Machine:
    """Return what is known now; `folder` is on the disk that matters, `root` holds sys/."""
    flags = _firmware_flags(root)
    free = total = 0
    with contextlib.suppress(OSError):
        disk = shutil.disk_usage(folder)
        free, total = disk.free, disk.total
    return Machine(
        _temperature(root),
        bool(flags & _THROTTLED_NOW) or _cooling(root),
        bool(flags & _UNDER_VOLTAGE_NOW) or _voltage_alarm(root),
        free,
        total,
        _addresses(),
    )


def _temperature(root: Path) -> float | None:
    """Return the hottest processor zone; other zones, such as a battery's, are none of ours."""
    found: list[float] = []
    for zone in sorted(root.glob("sys/class/thermal/thermal_zone*")):
        kind, value = _text(zone / "type"), _number(zone / "temp")
        if value is not None and any(word in kind for word in ("cpu", "x86_pkg", "soc", "acpitz")):
            found.append(value / 1000)
    return max(found, default=None)


def _firmware_flags(root: Path) -> int:
    """Return a Raspberry Pi's flags, as its firmware gives them; 0 elsewhere."""
    for file in root.glob("sys/devices/platform/soc*/soc*:firmware/get_throttled"):
        with contextlib.suppress(ValueError):
            return int(_text(file), 16)
    return 0


def _voltage_alarm(root: Path) -> bool:
    alarms = root.glob("sys/class/hwmon/hwmon*/in0_lcrit_alarm")
    return any(
        _number(alarm) == 1 and _text(alarm.parent / "name") == "rpi_volt" for alarm in alarms
    )


def _cooling(root: Path) -> bool:
    """Return whether the kernel holds a processor's clock down to cool it."""
    for device in root.glob("sys/class/thermal/cooling_device*"):
        kind = _text(device / "type")
        if kind.startswith(("cpufreq", "cpu-", "thermal-cpufreq")) and _number(
            device / "cur_state"
        ):
            return True
    return False


def _addresses() -> tuple[tuple[str, str], ...]:
    """Return the IPv4 address of each interface that has one, without loopback."""
    found: list[tuple[str, str]] = []
    if fcntl is None:
        return ()
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for _, name in socket.if_nameindex():
            if name == "lo":
                continue
            with contextlib.suppress(OSError):
                request = struct.pack("256s", name.encode()[:15])
                answer = fcntl.ioctl(asked.fileno(), _SIOCGIFADDR, request)
                found.append((name, socket.inet_ntoa(answer[20:24])))
    return tuple(found)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(256).decode(errors="replace").strip()
    except OSError:
        return ""


def _number(file: Path) -> float | None:
    try:
        return float(_text(file))
    except ValueError:
        return None
