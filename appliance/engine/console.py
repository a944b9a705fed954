"""All of the engine that is not real time: presets, parts with messages of their own, OSC."""

import functools
from collections.abc import Sequence

from appliance.config import Config
from appliance.engine.beat import Beat
from appliance.engine.listening import Listening
from appliance.engine.part import Part
from appliance.engine.player import Player
from appliance.engine.realtime import BACKGROUND, enter_real_time
from appliance.engine.server import Server
from appliance.engine.status import Status
from appliance.jam.shelves import Shelves
from appliance.jam.studio import Studio
from appliance.places import data_folder
from appliance.presets.box import box_values
from appliance.presets.commands import perform
from appliance.presets.editing import files_of, note_file
from appliance.presets.finding import factory_shelf
from appliance.presets.keeper import Keeper
from appliance.terrain.atlas import Atlas


class Console:
    """What hands and eyes reach of a playing instrument, in threads of low rank."""

    def __init__(self, player: Player, config: Config, *, warnings: Sequence[str] = ()) -> None:
        """Stand beside `player`; raises ConfigError if the OSC port is taken.

        `warnings` come from the start-up and stay in the status.
        """
        instrument = player.instrument
        values, queue = instrument.values, player.queue
        factory = factory_shelf()
        shelves = Shelves(
            data_folder(),
            (data_folder(), factory.folder),
            tuple(config.models),
            config.decoders[0].model,
        )
        studio = Studio(
            instrument.jam,
            values,
            queue,
            shelves,
            rate=instrument.rate,
            modules=[module.name for module in instrument.latents.modules],
        )
        atlas = Atlas(
            instrument.terrain,
            values.table,
            box_values(config).array,
            shelves,
            rate=instrument.rate,
        )
        listening = Listening(
            instrument, queue, config, period=player.output.period, name_file=self._name_file
        )
        beat = Beat(instrument.clock, values, queue)
        self.parts: tuple[Part, ...] = (beat, listening, studio, atlas)
        self.keeper = Keeper(
            values,
            queue,
            instrument.morph,
            rate=instrument.rate,
            folder=data_folder(),
            factory=factory,
            receivers={a: take for part in self.parts for a, take in part.receivers.items()},
        )
        studio.keep = atlas.keep = functools.partial(note_file, self.keeper)
        studio.kept = atlas.kept = functools.partial(files_of, self.keeper)
        sections = {part.name: part.status for part in self.parts}
        self.status = Status(
            player,
            config.name,
            tuple(warnings),
            sections={"presets": self.keeper.status} | sections,
        )
        commands = {part.name: part.perform for part in self.parts}
        self.server = Server(
            values,
            queue,
            self.status.snapshot,
            host=config.osc.host,
            port=config.osc.port,
            status_rate=config.osc.status_rate,
            commands={"preset": functools.partial(perform, self.keeper)} | commands,
        )

    def _name_file(self, address: str, name: str) -> None:
        """Let the sound as it stands play from a file; raises PresetError."""
        perform(self.keeper, "/preset/file", (address, name), lambda *_: None)

    def start(self) -> None:
        """Start to answer, once the player has started."""
        for part in self.parts:
            part.start()
        self.keeper.start(functools.partial(enter_real_time, BACKGROUND))
        self.server.start()

    def stop(self) -> None:
        """Stop answering, then save what is to be saved."""
        self.server.stop()
        for part in self.parts:
            part.stop()
        self.keeper.stop()  # last: parts that end may still name a file
