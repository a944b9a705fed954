"""Which machine a figure was taken on, and when."""

import datetime
import os
import platform
from pathlib import Path


def describe() -> str:
    """Return processor, cores, load and date in one line."""
    name = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith(("model name", "Model")):
                name = line.partition(":")[2].strip()
                break
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    today = datetime.datetime.now().strftime("%Y-%m-%d %H:%M")
    return f"{name}, {os.cpu_count()} cores, load {load}, {platform.system()}, {today}"
