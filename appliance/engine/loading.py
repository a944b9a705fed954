"""Opens the decoders of all slots, those of one model and precision as one batch."""

from collections.abc import Callable, Sequence

from appliance.config import Config
from appliance.decoders.library import Library
from appliance.decoders.split_decoder import CHANNELS
from appliance.engine.group import Group
from appliance.latent import CONTROL_PERIOD

Progress = Callable[[str, int, int], object]
"""Hears a model's name, the number of slots that are loaded, and of all slots."""


def open_groups(
    config: Config,
    library: Library,
    *,
    seed: int,
    reserve: int,
    max_block: int,
    progress: Progress,
) -> list[Group]:
    """Return the groups of all slots, staggered inside the frame if so configured.

    `reserve` is the most samples of headroom. Raises ModelError if a model is missing or cannot be
    opened.
    """
    rate = config.audio.rate
    batches: dict[tuple[str, str], list[int]] = {}
    for number, slot in enumerate(config.decoders):
        batches.setdefault((slot.model, slot.precision), []).append(number)
    looks = {model: _look_ahead(library, model, rate) for model, _ in batches}
    longest = max(looks.values())
    groups: list[Group] = []
    loaded = 0
    for (model, precision), slots in batches.items():
        progress(model, loaded, len(config.decoders))
        loaded += len(slots)
        decoder = library.open(
            model,
            [_slot_seed(seed, config.decoders[n].seed) for n in slots],
            precision=precision,
            device=config.engine.device,
            channels=[CHANNELS[config.decoders[n].channel] for n in slots],
        )
        groups.append(
            Group(
                model,
                decoder,
                slots,
                rate=rate,
                offset=0,
                reserve=reserve + longest,
                max_block=max_block,
                look_ahead=looks[model],
            )
        )
    if config.engine.stagger:
        _stagger(groups)
    return groups


def _look_ahead(library: Library, model: str, rate: int) -> int:
    """Return the engine's samples from a frame's start to the middle of what it does."""
    card = library.card(model)
    return round((card.look_ahead + card.ratio / 2) * rate / card.rate)


def _stagger(groups: Sequence[Group]) -> None:
    """Spread the groups' frame starts over the shortest frame, on the control grid."""
    shortest = min(group.frame_samples for group in groups)
    for number, group in enumerate(groups):
        offset = number * shortest / len(groups)
        group.offset = int(offset // CONTROL_PERIOD) * CONTROL_PERIOD


def _slot_seed(seed: int, slot_seed: int) -> int:
    return (seed << 16) + slot_seed
