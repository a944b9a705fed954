"""Real-time privileges for the calling thread and process; each one missing is a flag."""

import contextlib
import ctypes
import gc
import os
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_MCL_CURRENT_AND_FUTURE = 3
_PR_SET_THP_DISABLE = 41
_SWITCH_INTERVAL = 0.0005  # seconds a Python thread may hold the interpreter while others wait
_NAME = 15  # characters of a thread's name that the system keeps
_USUAL_INTERVAL = sys.getswitchinterval()


@dataclass(frozen=True, slots=True)
class Scheduling:
    """How a thread asks to run: SCHED_FIFO `priority` (1 to 95) and the `cores` it may use."""

    priority: int
    cores: tuple[int, ...] = ()


BACKGROUND = Scheduling(1)
"""For every other Python thread of the engine.

One that holds the interpreter must not be put aside for another program while the audio thread
waits for it; at the lowest real-time priority no program outside can do that.
"""


def enter_real_time(scheduling: Scheduling) -> tuple[str, ...]:
    """Give the calling thread its priority and cores; return a flag for each that was refused.

    From now on the system, too, shows the thread by its name, unless it is the process's.
    """
    flags: list[str] = []
    if threading.current_thread() is not threading.main_thread():
        with contextlib.suppress(OSError):
            shown = Path(f"/proc/self/task/{threading.get_native_id()}/comm")
            shown.write_text(threading.current_thread().name[:_NAME])
    if scheduling.cores and hasattr(os, "sched_setaffinity"):
        try:
            os.sched_setaffinity(threading.get_native_id(), scheduling.cores)
        except OSError:
            flags.append("cores refused")
    if hasattr(os, "sched_setscheduler"):
        try:
            os.sched_setscheduler(
                threading.get_native_id(), os.SCHED_FIFO, os.sched_param(scheduling.priority)
            )
        except (OSError, PermissionError):
            flags.append("no real-time priority")
    else:
        flags.append("no real-time priority")
    return tuple(flags)


@contextmanager
def for_a_moment(scheduling: Scheduling) -> Generator[None]:
    """Give the calling thread its priority, where that is allowed, until the context ends."""
    if not hasattr(os, "sched_setscheduler"):
        yield
        return
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    enter_real_time(Scheduling(scheduling.priority))
    try:
        yield
    finally:
        os.sched_setscheduler(0, *before)


def prepare_process() -> tuple[str, ...]:
    """Lock memory, stop the garbage collector and shorten thread switches for the process."""
    flags: list[str] = []
    sys.setswitchinterval(_SWITCH_INTERVAL)
    gc.collect()
    gc.freeze()
    gc.disable()
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        # The kernel must not move our memory into huge pages while we play.
        libc.prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0)
        if libc.mlockall(_MCL_CURRENT_AND_FUTURE) != 0:
            flags.append("memory not locked")
    else:
        flags.append("memory not locked")
    return tuple(flags)


def release_process() -> None:
    """Undo `prepare_process` where the process lives on, as in tests."""
    sys.setswitchinterval(_USUAL_INTERVAL)
    gc.unfreeze()
    gc.enable()
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_THP_DISABLE, 0, 0, 0, 0)
        libc.munlockall()
