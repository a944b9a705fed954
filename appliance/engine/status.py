"""What the engine tells the world about itself, as one plain mapping."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from appliance import __version__
from appliance.engine.player import Player


class Status:
    """Collects a player's counters and meters; never touches the real-time threads."""

    def __init__(
        self,
        player: Player,
        name: str,
        warnings: tuple[str, ...] = (),
        *,
        sections: Mapping[str, Callable[[], dict[str, Any]]] | None = None,
    ) -> None:
        """Report on `player` of the box called `name`; `warnings` come from the start-up.

        `sections` give the state of parts beside the player, such as "presets".
        """
        self._sections = dict(sections or {})
        self._player = player
        self._name = name
        self._warnings = warnings
        self._begun = time.monotonic()
        self._last = (self._begun, 0, 0.0)
        self._load = 0.0

    def snapshot(self) -> dict[str, Any]:
        """Return the state now: JSON types only."""
        player = self._player
        instrument, output = player.instrument, player.output
        rate, period = instrument.rate, output.period
        return {
            "version": __version__,
            "name": self._name,
            "uptime_s": round(time.monotonic() - self._begun, 1),
            "output": {
                "name": output.name,
                "rate": rate,
                "period": period,
                "periods": output.periods,
                "xruns": output.xruns,
                "lost": output.lost,
            },
            "engine": {
                "blocks": player.blocks,
                "load": round(self._audio_load(rate, period), 4),
                "longest_block_ms": round(player.longest_seconds * 1e3, 3),
                "headroom_samples": instrument.headroom,
                "headroom_ms": round(1e3 * instrument.headroom / rate, 2),
                "headroom_raised": player.headroom_raised,
                "late_frames": player.late,
                "dropped_changes": player.queue.overflows,
                "stalled_s": round(player.stalled_seconds, 2),
                "memory_mb": _memory_mb(),
            },
            "decoders": [self._group(number) for number in range(len(instrument.groups))],
            "modules": [module.name for module in instrument.latents.modules],
            "latents": [[round(float(v), 4) for v in row] for row in instrument.latents.last],
            "meters": self._meters(),
            "monitor": {"path": str(player.monitor.path)} if player.monitor else {},
            "flags": self._flags(),
            **{name: state() for name, state in self._sections.items()},
        }

    def _group(self, number: int) -> dict[str, Any]:
        group = self._player.instrument.groups[number]
        frames = max(1, group.frames)
        seconds = group.total_seconds / frames
        return {
            "model": group.model,
            "slots": [slot + 1 for slot in group.slots],
            "conditions": [
                {"name": condition.name, "classes": condition.classes}
                for condition in self._player.instrument.conditions[group.slots[0]]
            ],
            "frame_ms": round(1e3 * group.frame_samples / self._player.instrument.rate, 2),
            "decode_ms": round(1e3 * seconds, 3),
            "slowest_ms": round(1e3 * group.slowest_seconds, 3),
            "load": round(seconds * self._player.instrument.rate / group.frame_samples, 4),
            "frames": group.frames,
            "late": group.late,
            "skipped": group.skipped,
            "healed": group.healed,
            "broken": group.broken,
        }

    def _audio_load(self, rate: int, period: int) -> float:
        """Return the audio thread's share of a core since the last snapshot."""
        now, blocks, busy = time.monotonic(), self._player.blocks, self._player.busy_seconds
        before, blocks_before, busy_before = self._last
        if blocks > blocks_before and now - before > 0.5:
            self._load = (busy - busy_before) * rate / ((blocks - blocks_before) * period)
            self._last = (now, blocks, busy)
        return self._load

    def _meters(self) -> dict[str, Any]:
        reading = self._player.reading
        return {
            "peak": [round(level, 5) for level in reading.peak],
            "rms": [round(level, 5) for level in reading.rms],
            "compression_db": round(reading.compression_db, 2),
            "limiting_db": round(reading.limiting_db, 2),
        }

    def _flags(self) -> list[str]:
        player = self._player
        flags = [*self._warnings, *player.flags]
        for worker in player.workers:
            flags.extend(f for f in worker.flags if f not in flags)
        for service in player.services:
            flags.extend(f"{model} stopped: {why}" for model, why in service.failed.items())
        if player.output.lost:
            flags.append(f"sound card {player.output.name} is gone")
        return flags


def _memory_mb() -> float | None:
    """Return the resident memory of this process in MB, None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
