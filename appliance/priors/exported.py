"""The prior inside a RAVE export: latents one after another, drawn by the file's own network.

Source: acids-ircam/RAVE, whose exports have a method ``prior`` from a temperature to latents, both
once per frame. It runs through TorchScript, so never in the engine's process.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from appliance import LATENT_CHANNELS
from appliance.decoders.card import Card
from appliance.errors import ModelError
from appliance.priors.prior import Cancelled, Latents, Progress

_AT_ONCE = 16  # points


class ExportedPrior:
    """The prior of one imported model; safe in any one thread at a time."""

    def __init__(self, folder: Path, card: Card) -> None:
        """Load the file that `card` in `folder` names; raises ModelError if that cannot be."""
        self.name = card.name
        self.points_per_second = card.rate / card.ratio
        """Points of latents in one second."""
        self._path = folder / card.prior
        try:
            import torch  # noqa: PLC0415
        except ImportError:
            raise ModelError(
                f"The prior of '{card.name}' runs through TorchScript, which needs torch. "
                "Install it with 'pip install neural-synth-appliance[models]'."
            ) from None
        torch.set_num_threads(1)

    def generate(
        self,
        points: int,
        seed: int,
        *,
        after: Latents | None = None,
        spread: float = 1.0,
        progress: Progress = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Latents:
        """Return new latents, float32 (8, points), the same for the same arguments.

        `spread` is the temperature: less is calmer. Raises ModelError if there is something to
        continue, which such a prior cannot, and Cancelled soon after `cancelled` returns True.
        """
        if after is not None:
            raise ModelError(
                f"The prior of '{self.name}' begins by itself and cannot continue other latents. "
                "Leave --after away."
            )
        # A fresh copy each time: only the file knows the state that it begins with.
        from appliance.decoders.contract import open_model  # noqa: PLC0415
        from appliance.decoders.original_prior import drawn  # noqa: PLC0415

        model, _ = open_model(self._path)
        made = np.zeros((LATENT_CHANNELS, points), np.float32)
        for first in range(0, points, _AT_ONCE):
            if cancelled():
                raise Cancelled
            part = drawn(model, min(_AT_ONCE, points - first), spread, seed if first == 0 else None)
            used = min(len(part), LATENT_CHANNELS)
            made[:used, first : first + part.shape[1]] = part[:used]
            progress(min(1.0, (first + _AT_ONCE) / points))
        if not np.isfinite(made).all():
            raise ModelError(
                f"The prior of '{self.name}' gives what is no number. Try another seed or spread."
            )
        return made
