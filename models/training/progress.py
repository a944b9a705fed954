"""What every training run needs: budget, CPU seconds, atomic checkpoints, a progress line."""

import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

console = Console()


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file, then rename it: a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def learning_rate(step: int, steps: int, peak: float, warmup: int, decay_from: float) -> float:
    """Return the rate at a step: linear warm-up, flat, from `decay_from` (0..1) half a cosine."""
    if step < warmup:
        return peak * (step + 1) / warmup
    part = (step / steps - decay_from) / max(1e-9, 1.0 - decay_from)
    return peak * (0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * min(1.0, max(0.0, part)))))


class Average:
    """A running mean of a network's parameters, smoother than its last step; it is exported."""

    def __init__(self, network: nn.Module, decay: float = 0.999) -> None:  # noqa: D107
        self.decay = decay
        self.state = {name: value.detach().clone() for name, value in network.state_dict().items()}

    def update(self, network: nn.Module, step: int) -> None:
        """Move the mean towards the network; faster while the run is young."""
        keep = min(self.decay, (1.0 + step) / (10.0 + step))
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                self.state[name].lerp_(value.detach(), 1.0 - keep)


@dataclass
class Run:
    """One training run: steps done, CPU seconds over all resumes, mean losses of 100 steps."""

    name: str
    steps: int
    checkpoint: Path | None = None
    seconds_between_saves: float = 60.0
    step: int = 0
    cpu_seconds: float = 0.0
    losses: list[float] = field(default_factory=list)
    _window: list[float] = field(default_factory=list)

    def resume(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        average: Average,
        dice: torch.Generator,
    ) -> None:
        """Take up the checkpoint if there is one."""
        if self.checkpoint is None or not self.checkpoint.is_file():
            return
        saved: dict[str, Any] = torch.load(self.checkpoint, weights_only=True)
        network.load_state_dict(saved["network"])
        optimizer.load_state_dict(saved["optimizer"])
        average.state = saved["average"]
        dice.set_state(saved["dice"])
        torch.set_rng_state(saved["rng"])
        self.step, self.cpu_seconds = int(saved["step"]), float(saved["cpu_seconds"])
        self.losses = list(saved["losses"])
        console.print(
            f"{self.name}: resumed at step {self.step} after {self.cpu_seconds:.0f} CPU s"
        )

    def save(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        average: Average,
        dice: torch.Generator,
    ) -> None:
        """Write the checkpoint, complete or not at all."""
        if self.checkpoint is None:
            return
        content = {
            "network": network.state_dict(),
            "optimizer": optimizer.state_dict(),
            "average": average.state,
            "dice": dice.get_state(),
            "rng": torch.get_rng_state(),
            "step": self.step,
            "cpu_seconds": self.cpu_seconds,
            "losses": self.losses,
        }
        write_atomically(self.checkpoint, lambda path: torch.save(content, path))

    def loop(self, save: Callable[[], None]) -> Iterator[int]:
        """Yield step numbers up to the budget, count CPU time, save every minute and at the end."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[loss]}"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console, refresh_per_second=1) as bar:
            task = bar.add_task(self.name, total=self.steps, completed=self.step, loss="")
            saved_at, first = time.monotonic(), self.step
            while self.step < self.steps:
                started = time.process_time()
                yield self.step
                self.step += 1
                self.cpu_seconds += time.process_time() - started
                if self.step % 20 == 0:
                    bar.update(task, completed=self.step, loss=f"loss {self.recent_loss():.3f}")
                if time.monotonic() - saved_at > self.seconds_between_saves:
                    save()
                    saved_at = time.monotonic()
            bar.update(task, completed=self.step)
        if self.step > first:
            save()

    def note(self, loss: Tensor) -> None:
        """Record the loss of this step; every 100 steps become one stored mean."""
        value = float(loss.detach())
        if not math.isfinite(value):
            raise FloatingPointError(f"{self.name}: loss is {value} at step {self.step}")
        self._window.append(value)
        if len(self._window) == 100:
            self.losses.append(sum(self._window) / 100)
            self._window.clear()

    def recent_loss(self) -> float:
        """Return the mean loss of the last steps, up to 100."""
        if self._window:
            return sum(self._window) / len(self._window)
        return self.losses[-1] if self.losses else math.nan
