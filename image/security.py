"""`python -m image.security`: how far each of the box's services is shut in, as a table.

systemd's own auditor judges the units as an image has them, without a running system.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

IMAGE = Path(__file__).resolve().parent
_FOLDERS = (
    IMAGE.parent / "systemd",
    IMAGE / "root/usr/lib/systemd/system",
    IMAGE / "root/etc/systemd/system",
)
NEEDS = {
    "board": "processor clocks, GPIO, key pedals",
    "crash": "read the journal, write one folder",
    "engine": "real-time priority, sound card, loopback",
    "grow": "the partition table, once",
    "imports": "compute",
    "keep": "write the first partition",
    "panel": "USB, I2C, GPIO, MIDI, loopback",
    "poweroff": "nothing but to end",
    "reboot": "nothing but to end",
    "reset": "move the player's files, GPIO, I2C",
    "safe": "as the engine",
    "settings": "host name, start what its owner asked for",
    "stick@": "mount a stick in its own namespace",
    "update@": "write the other slot",
}
"""What a service must be able to do, by the last part of its unit's name."""


def services() -> list[Path]:
    """Return the units of all services, by name."""
    return sorted(
        (file for folder in _FOLDERS for file in folder.glob("neural-synth-*.service")),
        key=lambda file: file.name,
    )


def table() -> str:
    """Return the table in Markdown; needs `systemd-analyze`."""
    rows: list[tuple[float, str]] = []
    with tempfile.TemporaryDirectory() as root:
        units = Path(root, "etc/systemd/system")
        for folder in _FOLDERS:
            shutil.copytree(folder, units, dirs_exist_ok=True)
        for unit in (file.name for file in services() if file.is_file()):
            name = unit.removeprefix("neural-synth-").removesuffix(".service")
            rows.append((_exposure(root, unit), name))
    lines = [f"| {n.removesuffix('@')} | {level} | {NEEDS[n]} |" for level, n in sorted(rows)]
    return "\n".join(
        [
            f"Judged by systemd {auditor()}; units {sums()}.",
            "",
            "| service | exposure | what it must be able to do |",
            "|---|---|---|",
            *lines,
            "",
        ]
    )


def auditor() -> str:
    """Return systemd's version, on which the scale depends; nothing where it is not installed."""
    if shutil.which("systemd-analyze") is None:
        return ""
    said = subprocess.run(
        ["systemd-analyze", "--version"],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return said.split()[1]


def sums() -> str:
    """Return a short sum of all that is judged, so that a table shows of which units it is."""
    total = hashlib.sha256()
    for folder in _FOLDERS:
        for file in sorted(folder.rglob("neural-synth-*.service*/*.conf")) + sorted(
            folder.glob("neural-synth-*.service")
        ):
            if file.is_file():
                total.update(f"{file.name}\n".encode() + file.read_bytes())
    return total.hexdigest()[:12]


def _exposure(root: str, unit: str) -> float:
    asked = unit.replace("@.", "@sda1.")
    done = subprocess.run(  # noqa: S603
        ["systemd-analyze", "security", "--offline=true", f"--root={root}", "--no-pager", asked],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    level = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    if level is None:
        raise RuntimeError(f"systemd-analyze does not judge {unit}: {done.stderr.strip()}")
    return float(level[1])


if __name__ == "__main__":
    sys.stdout.write(table())
