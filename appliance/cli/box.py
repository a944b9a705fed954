"""Starting as a box does: it plays whatever else is wrong, and says what that is."""

from pathlib import Path

import msgspec

from appliance.board import this_board
from appliance.cli.settings import configuration, open_library
from appliance.config import Config, LoadedConfig
from appliance.decoders.devices import cuda_shortage
from appliance.decoders.library import Library
from appliance.engine.instrument import Instrument
from appliance.engine.loading import Progress
from appliance.errors import ConfigError, ModelError

Warnings = list[str]
"""Sentences for the status."""


def box_configuration(path: Path | None, *, safe: bool) -> tuple[LoadedConfig, Warnings]:
    """Return the configuration, or the built-in one where it cannot be used or is not `safe`.

    The board's cores are used where the configuration names none.
    """
    warnings: Warnings = []
    file = None
    try:
        config, file = configuration(path)
    except ConfigError as error:
        config = Config()
        warnings.append(f"The factory instrument plays: {error}")
    if safe:
        config = Config(name=config.name, audio=config.audio, osc=config.osc)
        warnings.append("Safe start: the factory instrument plays.")
    try:
        cores = this_board().engine_cores
    except ConfigError as error:
        cores = []
        warnings.append(str(error))
    reason = cuda_shortage() if config.engine.device == "cuda" else None
    if reason is not None:
        warnings.append(f"Decoders are calculated on the processor: {reason}.")
        engine = msgspec.structs.replace(config.engine, device="cpu")
        config = msgspec.structs.replace(config, engine=engine)
    if cores and not config.engine.cores:
        engine = msgspec.structs.replace(config.engine, cores=cores)
        config = msgspec.structs.replace(config, engine=engine)
    return LoadedConfig(config, file), warnings


def box_instrument(
    config: Config, *, seed: int, max_block: int, progress: Progress
) -> tuple[Instrument, Warnings]:
    """Return the instrument, with the factory's models where one of its own cannot be opened."""

    def build(chosen: Config, library: Library) -> Instrument:
        return Instrument(chosen, library, seed=seed, max_block=max_block, progress=progress)

    try:
        return build(config, open_library(config)), []
    except ModelError as error:
        shipped = Config()
        factory = msgspec.structs.replace(
            config, decoders=shipped.decoders, encoder=shipped.encoder
        )
        return build(factory, Library()), [f"The factory models play: {error}"]
