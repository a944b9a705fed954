"""What the machine suffers without the engine: a bare writer, and a sleeper on every core.

`python -m tests.bench.control write PCM RATE PERIOD PERIODS SECONDS` writes silence with the
engine's periods. `... sleep CORE SECONDS` wakes every millisecond on one core, at a priority above
the engine's: nothing but the machine can delay it. Each prints a line "stall MOMENT LENGTH" for an
xrun or a delay that an engine would feel.
"""

import os
import sys
import time

import numpy as np

from appliance.audio import open_output
from appliance.engine.realtime import Scheduling, enter_real_time, prepare_process

_LONG = 0.004  # seconds by which a sleeper oversleeps before it counts


def write(name: str, rate: int, period: int, periods: int, seconds: float) -> None:
    """Write silence to a PCM; a write of over three periods, or an xrun, is a stall."""
    block = np.zeros((2, period), np.float32)
    prepare_process()
    enter_real_time(Scheduling(70))
    with open_output(name, rate=rate, period=period, periods=periods) as output:
        end = time.monotonic() + seconds
        last, xruns = time.monotonic(), 0
        while last < end:
            output.write(block)
            now = time.monotonic()
            if output.xruns > xruns or now - last > 3 * period / rate:
                xruns = output.xruns
                print(f"stall {now:.3f} {now - last:.4f}", flush=True)
            last = now


def sleep(core: int, seconds: float) -> None:
    """Sleep a millisecond at a time on one core; waking late is a stall."""
    prepare_process()
    os.sched_setaffinity(0, {core})
    enter_real_time(Scheduling(90))
    last = time.monotonic()
    end = last + seconds
    while last < end:
        time.sleep(0.001)
        now = time.monotonic()
        if now - last > _LONG:
            print(f"stall {now:.3f} {now - last:.4f}", flush=True)
        last = now


if __name__ == "__main__":
    if sys.argv[1] == "write":
        rate, period, periods = (int(word) for word in sys.argv[3:6])
        write(sys.argv[2], rate, period, periods, float(sys.argv[6]))
    else:
        sleep(int(sys.argv[2]), float(sys.argv[3]))
