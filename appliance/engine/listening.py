"""The messages of the encoder, its files and its live input, and what it says of itself.

- ``/encoder/file NAME`` lets the sound play from a file such as samples/voice.wav; '' is none
- ``/encoder/route/identity``, ``all`` and ``clear`` set the matrix of every slot, or of one SLOT
"""

import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from appliance import LATENT_CHANNELS
from appliance.config import Config
from appliance.engine.instrument import Instrument
from appliance.engine.queue import ParameterQueue
from appliance.engine.realtime import BACKGROUND, enter_real_time
from appliance.errors import ApplianceError, ParameterError
from appliance.input.capture import Capture
from appliance.input.clip import Clip, load_clip
from appliance.mixing.level import SILENCE_DB
from appliance.suggestion import did_you_mean

FILE = "/encoder/file"
"""The address under which a preset names the file."""

_MATRICES = {
    "identity": np.eye(LATENT_CHANNELS),
    "all": np.ones((LATENT_CHANNELS, LATENT_CHANNELS)),
    "clear": np.zeros((LATENT_CHANNELS, LATENT_CHANNELS)),
}
_LOOK = 0.1  # seconds between looks at the live level
_LINGER = 20  # looks for which a card stays open that nobody listens to

NameFile = Callable[[str, str], object]
"""Lets the sound, so its preset too, play from a file: the address and the name."""


class Listening:
    """What surrounds the encoder of `instrument`; a part of the engine."""

    name = "encoder"

    def __init__(
        self,
        instrument: Instrument,
        parameters: ParameterQueue,
        config: Config,
        *,
        period: int,
        name_file: NameFile,
    ) -> None:
        """Prepare threads for files and for the live input, in periods of `period` samples."""
        self._instrument = instrument
        self._parameters = parameters
        self._name_file = name_file
        self._table = instrument.values.table
        self._live_db = instrument.values.view("/encoder/live/level_db")
        self._wishes: queue.SimpleQueue[Path | None] = queue.SimpleQueue()
        self._loading = ""
        self._problem = ""
        self._loaded: tuple[Path, int] | None = None
        self._stopping = False
        self._unused = 0
        self._thread = threading.Thread(target=self._run, name="encoder files", daemon=True)
        self.capture: Capture | None = None
        pcm = _pcm(config)
        if pcm is not None:
            self.capture = Capture(
                pcm,
                rate=instrument.rate,
                period=period,
                channel=config.encoder.channel,
                prepare=lambda: enter_real_time(BACKGROUND),
            )
            instrument.sources.live = self.capture

    @property
    def receivers(self) -> dict[str, Callable[[Path], None]]:
        """The encoder's file."""
        return {FILE: self._wishes.put}

    def start(self) -> None:
        """Start to load files and to look after the live input."""
        self._thread.start()
        if self.capture is not None:
            self.capture.start()

    def stop(self) -> None:
        """End both."""
        self._stopping = True
        if self._thread.ident is not None:
            self._thread.join(timeout=2)
        if self.capture is not None:
            self.capture.stop()

    def perform(self, address: str, arguments: Sequence[Any], reply: Callable[..., object]) -> None:
        """Carry out the message `address`; raises ApplianceError. Called from one thread."""
        del reply
        if address == FILE:
            if len(arguments) != 1 or not isinstance(arguments[0], str):
                raise ParameterError(f"{FILE} takes NAME, such as samples/voice.wav; '' is none.")
            self._name_file(FILE, arguments[0])
            if not arguments[0]:
                self._wishes.put(None)
            return
        known = [f"/encoder/route/{name}" for name in _MATRICES]
        if address not in known:
            near = did_you_mean(address, [FILE, *known, *self._table.addresses("/encoder/")])
            raise ParameterError(f"There is no message '{address}'.{near}")
        self._route(address, arguments)

    def status(self) -> dict[str, Any]:
        """Return the state of the encoder and its sources: JSON types only."""
        instrument = self._instrument
        sources, encoding = instrument.sources, instrument.encoding
        peak, sources.peak = sources.peak, 0.0
        state: dict[str, Any] = {"model": None, "peak": round(peak, 5)}
        if encoding is not None:
            frames = max(1, encoding.frames)
            state |= {
                "model": encoding.model,
                "frame_ms": round(1e3 * encoding.frame_samples / instrument.rate, 2),
                "encode_ms": round(1e3 * encoding.total_seconds / frames, 3),
                "slowest_ms": round(1e3 * encoding.slowest_seconds, 3),
                "frames": encoding.frames,
                "skipped": encoding.skipped,
                "broken": encoding.broken,
                "latents": [round(float(v), 4) for v in encoding.last],
            }
        return state | {"file": self._file_state(), "live": self._live_state()}

    def _file_state(self) -> dict[str, Any]:
        player, rate = self._instrument.sources.file, self._instrument.rate
        clip = player.clip
        return {
            "name": clip.path.name if clip is not None else None,
            "seconds": round(len(clip.samples) / rate, 3) if clip is not None else 0.0,
            "position_s": round(max(0, player.position) / rate, 3),
            "ended": player.ended,
            "loading": self._loading or None,
            "problem": self._problem or None,
        }

    def _live_state(self) -> dict[str, Any] | None:
        capture = self.capture
        if capture is None:
            return None
        peak, capture.peak = capture.peak, 0.0
        intake = capture.intake
        return {
            "device": capture.name,
            "open": capture.open,
            "problem": capture.problem or None,
            "peak": round(peak, 5),
            "reserve_ms": round(1e3 * intake.reserve / self._instrument.rate, 2),
            "drift_ppm": round(1e6 * (intake.pace - 1)),
            "gaps": intake.gaps,
            "overruns": capture.overruns,
        }

    def _route(self, address: str, arguments: Sequence[Any]) -> None:
        slots = range(1, self._table.slots + 1)
        if arguments:
            slot = arguments[0]
            if len(arguments) > 1 or isinstance(slot, str) or slot not in slots:
                raise ParameterError(
                    f"{address} takes at most a decoder slot from 1 to {self._table.slots}, not "
                    f"{', '.join(map(repr, arguments))}."
                )
            slots = (int(slot),)
        gains = _MATRICES[address.rpartition("/")[2]]
        for slot in slots:
            for (source, channel), gain in np.ndenumerate(gains):
                name = f"/encoder/{slot}/route/{source + 1}/{channel + 1}"
                self._parameters.put(self._table.index(name), float(gain))

    def _run(self) -> None:
        enter_real_time(BACKGROUND)
        while not self._stopping:
            self._look()
            try:
                wish = self._wishes.get(timeout=_LOOK)
            except queue.Empty:
                continue
            self.take(wish)

    def _look(self) -> None:
        """Open the card when somebody listens, and let it go some time after the last one."""
        if self.capture is not None:
            self._unused = 0 if self._live_db[0] > SILENCE_DB else self._unused + 1
            self.capture.wanted = self._unused <= _LINGER and (
                self.capture.wanted or self._unused == 0
            )

    def take(self, path: Path | None) -> None:
        """Load the file at `path` in this thread, or none; what is wrong goes to the status."""
        player = self._instrument.sources.file
        if path is None:
            player.clip = self._loaded = None
            self._problem = ""
            return
        try:
            known = (path, path.stat().st_mtime_ns)
            if known == self._loaded:
                return
            self._loading = path.name
            clip: Clip = load_clip(path, self._instrument.rate)
        except (ApplianceError, OSError) as error:
            self._problem = str(error)
        else:
            player.clip, self._loaded, self._problem = clip, known, ""
        finally:
            self._loading = ""


def _pcm(config: Config) -> str | None:
    """Return the PCM to record from."""
    capture, output = config.encoder.capture, config.audio.output
    if capture == "none":
        return None
    if capture != "auto":
        return capture
    return "default" if output in ("auto", "null") or output.endswith(".wav") else output
