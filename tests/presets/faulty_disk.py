"""A disk that fails where it is told to: real calls of a real process, cut off one by one."""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")


def missing() -> str | None:
    """Return what is not there, or None if faults can be made."""
    if sys.platform != "linux":
        return "faults are injected on Linux"
    return None if shutil.which("cc") else "there is no C compiler"


def build(folder: Path) -> Path:
    """Compile the library into `folder`."""
    library = folder / "faulty_disk.so"
    subprocess.run(
        ["cc", "-O1", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True, timeout=60
    )
    return library


def environment(library: Path) -> dict[str, str]:
    """Return the environment in which a process has such a disk."""
    return os.environ | {"LD_PRELOAD": str(library), "FAULTY_DISK": str(library)}


class FaultyDisk:
    """The disk of this process, which must run in `environment`."""

    def __init__(self) -> None:
        """Find the library that was loaded in front."""
        self._library = ctypes.CDLL(os.environ["FAULTY_DISK"])
        self._library.disk_trace.restype = ctypes.c_char_p

    def arm(self, at: int, error: int) -> None:
        """Kill the process at call `at`, or with an errno fail from there on; 0 only counts."""
        self._library.disk_arm(at, error)

    def disarm(self) -> list[tuple[str, str, str]]:
        """Return to normal; return what was called: name, path, second path."""
        self._library.disk_disarm()
        lines = self._library.disk_trace().decode().splitlines()
        calls = [line.split("\t") for line in lines]
        return [(call[0], call[1], call[2]) for call in calls]
