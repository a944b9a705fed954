"""A bare writer with the engine's periods and no work: what it suffers, the machine did.

`python -m tests.bench.control PCM RATE PERIOD PERIODS SECONDS` prints one "stall" line with the
monotonic time of each xrun or write that took over three periods.
"""

import sys
import time

import numpy as np

from appliance.audio import open_output
from appliance.engine.realtime import Scheduling, enter_real_time, prepare_process


def main() -> None:
    """Write silence until the time is over."""
    name, rate, period, periods, seconds = sys.argv[1], *(int(word) for word in sys.argv[2:6])
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
                print(f"stall {now:.3f} {now - last:.4f} {xruns}", flush=True)
            last = now


if __name__ == "__main__":
    main()
