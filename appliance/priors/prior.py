"""Makes up latents: a flow from noise to gestures, window after window, each following the last.

The network gives the velocity of points on the straight way from noise (time 0) to latents (time
1); midpoint steps follow it. A window's first points may be known: they are held where they are at
every step and the rest is made to continue them, so that latents can go on for ever.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # see appliance.decoders.runtime

import onnxruntime as ort
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.errors import ModelError
from appliance.priors.card import PriorCard, read_card

STEPS = 16
"""Midpoint steps for a window; more follow the flow closer, fewer are quicker."""

_JOINING = 4.0  # points over which the offset of a new window fades

Latents = NDArray[np.float32]
Progress = Callable[[float], None]


class Cancelled(Exception):  # noqa: N818 (a wish, not a fault)
    """Raised out of a generation whose `cancelled` said so."""


class Prior:
    """One prior; safe in any one thread at a time."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        """Load the prior in `folder`; raises ModelError if it is missing or damaged."""
        self.card: PriorCard = read_card(folder)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = folder / self.card.file
        try:
            self._session = ort.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
            self.velocity(np.zeros((LATENT_CHANNELS, self.card.window), np.float32), 0, 0.0)
        except Exception as error:  # onnxruntime raises many kinds for damaged files
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ModelError(
                f"{path} is no prior that can run ({reason}). Copy the prior again."
            ) from error
        self._mean = np.array(self.card.mean, np.float32)[:, None]
        self._deviation = np.array(self.card.deviation, np.float32)[:, None]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.card.name

    @property
    def points_per_second(self) -> float:
        """Points of latents in one second."""
        return self.card.rate / self.card.ratio

    def generate(
        self,
        points: int,
        seed: int,
        *,
        after: Latents | None = None,
        spread: float = 1.0,
        steps: int = STEPS,
        progress: Progress = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Latents:
        """Return new latents, float32 (8, points), the same for the same arguments.

        `after`, (8, any), is what they continue, `spread` how far the noise they start from
        reaches: less is calmer. `progress` hears 0 to 1. Raises Cancelled soon after `cancelled`
        returns True.
        """
        made: list[Latents] = []
        count = 0
        windows = self._count(points, after)

        def told(part: float) -> None:
            progress(min(1.0, (len(made) + part) / windows))

        stream = self.endless(
            seed, after=after, spread=spread, steps=steps, progress=told, cancelled=cancelled
        )
        while count < points:
            made.append(next(stream))
            count += made[-1].shape[1]
        progress(1.0)
        return np.concatenate([np.zeros((LATENT_CHANNELS, 0), np.float32), *made], 1)[:, :points]

    def endless(
        self,
        seed: int,
        *,
        after: Latents | None = None,
        spread: float = 1.0,
        steps: int = STEPS,
        progress: Progress = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Latents]:
        """Yield latents (8, new points), each part following the one before, without an end.

        Arguments are those of `generate`; `progress` hears 0 to 1 for each part.
        """
        dice = np.random.Generator(np.random.SFC64(seed))
        overlap = self.card.overlap
        past = np.zeros((LATENT_CHANNELS, 0), np.float32)
        if after is not None:
            past = ((after[:, -overlap:] - self._mean) / self._deviation).astype(np.float32)
        while True:
            window = self._window(past, dice, spread, steps, progress, cancelled)
            yield window[:, past.shape[1] :] * self._deviation + self._mean
            past = window[:, -overlap:]

    def _count(self, points: int, after: Latents | None) -> int:
        """Return how many windows make so many points."""
        first = self.card.window - (0 if after is None else min(after.shape[1], self.card.overlap))
        more = self.card.window - self.card.overlap
        return 1 + max(0, -(-(points - first) // more))

    def _window(
        self,
        past: Latents,
        dice: np.random.Generator,
        spread: float,
        steps: int,
        progress: Progress,
        cancelled: Callable[[], bool],
    ) -> Latents:
        """Return one window (8, window), standardised, that begins with `past` (8, known)."""
        known = past.shape[1]
        x: Latents = dice.standard_normal((LATENT_CHANNELS, self.card.window), dtype=np.float32)
        x *= np.float32(spread)
        x[:, :known] = past
        for step in range(steps):
            if cancelled():
                raise Cancelled
            time = step / steps
            middle = (x + self.velocity(x, known, time) * (0.5 / steps)).astype(np.float32)
            x += self.velocity(middle, known, time + 0.5 / steps) * np.float32(1 / steps)
            progress((step + 1) / steps)
        if 0 < known < self.card.window - 1:
            _join(x, known)
        return x

    def velocity(self, x: Latents, known: int, time: float) -> Latents:
        """Return the flow's velocity at standardised x (8, window), whose first points are known.

        Known points do not move.
        """
        mask = np.zeros((1, 1, x.shape[1]), np.float32)
        mask[..., :known] = 1.0
        feed = {"x": x[None], "mask": mask, "time": np.full((1, 1), time, np.float32)}
        return np.asarray(self._session.run(["velocity"], feed)[0])[0]


def _join(x: Latents, known: int) -> None:
    """Move what follows the known points of x (8, window) so that it sets off without a jump.

    A window is right in its shape but for a small offset; that fades over some points.
    """
    step = x[:, known + 1] - x[:, known]
    offset = x[:, known - 1] + step - x[:, known]
    fade = np.exp(np.arange(x.shape[1] - known, dtype=np.float32) / -_JOINING)
    x[:, known:] += offset[:, None] * fade
