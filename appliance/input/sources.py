"""Real-time: mixes the three sources of the encoder to one."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from appliance.input.feedback import Feedback
from appliance.input.file_player import FilePlayer
from appliance.mixing.level import SILENCE_DB, fade_samples, linear_gain
from appliance.mixing.ramp import Ramp
from appliance.parameters import Values
from appliance.parameters.watch import Watch


class Live(Protocol):
    """A stream of sound from outside."""

    def read(self, out: NDArray[np.float32]) -> None:
        """Fill `out`, float32 (n,), with what is due; silence where there is nothing."""
        ...


class Sources:
    """The sound that the encoder hears and that the dry path carries, mono.

    Gains move to a new setting in a straight line over 20 ms. Without a source that sounds the
    block is exact silence.
    """

    def __init__(
        self, values: Values, slots: int, rate: float, max_block: int, *, delay: int
    ) -> None:
        """Prepare for `slots` decoders whose voices come back `delay` samples late."""
        rows = (
            "/encoder/file/play",
            "/encoder/file/level_db",
            "/encoder/live/level_db",
            "/encoder/feedback/{slot}/level_db",
        )
        self._play, self._file_db, self._live_db, self._feedback_db = map(values.view, rows)
        self._watch = Watch(values, *rows)
        self._slots = slots
        self.file = FilePlayer(values, rate, max_block)
        self.feedback = Feedback(slots, delay, max_block)
        self.live: Live | None = None
        """The live input; another thread may set it."""
        self._ramp = Ramp(self._settings(), length=fade_samples(rate), max_block=max_block)
        self._note()
        self._fed, self._feeding = b"", False
        self._part = np.zeros(max_block, np.float32)
        self._mix = np.zeros(max_block, np.float32)
        self._nothing = np.zeros(max_block, np.float32)
        self._nothing.flags.writeable = False
        self.peak = 0.0
        """The largest magnitude since somebody set it back to 0."""

    def reset(self) -> None:
        """Forget the past and take the present settings at once."""
        self._watch.changed()
        self._ramp.jump(self._settings())
        self._note()
        self.feedback.reset()

    @property
    def longest(self) -> int:
        """The most samples that the next block may have."""
        return self.feedback.delay

    @property
    def feeding_back(self) -> bool:
        """True while the decoders' voices come back."""
        # Bytes are several times quicker to compare than numbers, and they rest as a rule.
        now = self._feedback_db.tobytes()
        if now != self._fed:
            self._fed = now
            self._feeding = bool((self._feedback_db > SILENCE_DB).any())
        return self._feeding or (self._ramp.active and bool(self._ramp.current[2:].any()))

    def process(self, count: int) -> NDArray[np.float32]:
        """Return the next block, float32 (count,), valid until the next call."""
        if self._watch.changed():
            self._ramp.move(self._settings())
            self._note()
        mix, part = self._mix[:count], self._part[:count]
        if not (self._ramp.active or self._open or (self._hears and self.live is not None)):
            self.file.process(part, heard=False)
            return self._nothing[:count]
        gains = self._ramp.block(count)
        mix.fill(0.0)
        sounding: list[bool] = np.any(gains, axis=1).tolist()
        sounds = self.file.process(part, heard=sounding[0])
        if sounds:
            np.multiply(part, gains[0], out=mix, casting="same_kind")
        live = self.live
        if sounding[1] and live is not None:
            live.read(part)
            np.multiply(part, gains[1], out=part, casting="same_kind")
            np.add(mix, part, out=mix)
            sounds = True
        if any(sounding[2:]):
            np.add(mix, self.feedback.read(gains[2:], count), out=mix)
            sounds = True
        if sounds:
            self.peak = max(self.peak, float(mix.max()), -float(mix.min()))
        return mix

    def _note(self) -> None:
        """Note which gains are to be above 0."""
        file, live, *feedback = self._ramp.target[:, 0].tolist()
        self._open = bool(file) or any(feedback)
        self._hears = bool(live)

    def _settings(self) -> NDArray[np.float64]:
        file = linear_gain(self._file_db) * (self._play > 0)
        feedback = linear_gain(self._feedback_db[: self._slots])
        return np.concatenate((file, linear_gain(self._live_db), feedback))
