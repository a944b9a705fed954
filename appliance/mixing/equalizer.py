"""Real-time: low shelf, four peaks and high shelf, with crossfades between settings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.mixing.biquad import Section, high_shelf, low_shelf, peak
from appliance.mixing.level import fade_samples
from appliance.mixing.recursive import sections
from appliance.parameters import Values
from appliance.parameters.watch import Watch

_FLAT_DB = 1e-3
# Far below hearing (-400 dB) but enough to keep a decaying state from slow denormal numbers.
_BIAS = 1e-20


@dataclass(slots=True)
class _Bank:
    """Sections of the bands that are not flat, with their state (sections, 2 channels, 2)."""

    bands: tuple[int, ...]
    sections: NDArray[np.float64]
    state: NDArray[np.float64]

    def process(self, signal: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `signal` (2, n), plus the bias, filtered; itself if there are no sections."""
        if not self.bands:
            return signal
        out, self.state = sections(self.sections, signal + _BIAS, self.state)
        return out


class Equalizer:
    """Six second-order sections in float64; flat bands cost nothing.

    A changed setting runs the new filter unheard for 20 ms, in which it settles, and crossfades to
    it over another 20 ms; changes that come meanwhile wait for the end, and then the latest setting
    is taken. Off is a filter without sections: after its crossfade the signal passes bit by bit.
    """

    def __init__(self, values: Values, rate: float, max_block: int) -> None:
        """Prepare for float32 (2, up to `max_block`) at `rate` Hz."""
        root = "/master/equalizer"
        self._on = values.view(f"{root}/on")
        self._low = (values.view(f"{root}/low/frequency"), values.view(f"{root}/low/gain_db"))
        self._high = (values.view(f"{root}/high/frequency"), values.view(f"{root}/high/gain_db"))
        self._peaks = (
            values.view(f"{root}/{{peak}}/frequency"),
            values.view(f"{root}/{{peak}}/gain_db"),
            values.view(f"{root}/{{peak}}/q"),
        )
        rows = [row for row in values.table.rows if row.startswith(root)]
        self._watch = Watch(values, *rows)
        self._rate = rate
        self._settling = fade_samples(rate)
        self._length = 2 * self._settling
        self._signal = np.zeros((2, max_block))
        self._steps = np.arange(1, max_block + 1, dtype=np.float64)
        self._share = np.zeros(max_block)
        self.reset()

    def reset(self) -> None:
        """Forget the past and take the present settings at once."""
        self._watch.changed()
        self._past = np.zeros((2, 2))  # per channel the last two samples given out
        self._bank = self._design(None)
        self._old = self._bank
        self._done = self._length  # samples of the change that are over
        self._waiting = False

    def _design(self, before: _Bank | None) -> _Bank:
        """Return the filter the parameters ask for; bands that go on keep their state.

        The state of a band that was flat is what the last samples, passed on unchanged, leave.
        """
        designs: dict[int, Section] = {}
        if self._on[0] > 0:
            if abs(self._low[1][0]) > _FLAT_DB:
                designs[0] = low_shelf(float(self._low[0][0]), float(self._low[1][0]), self._rate)
            for band, (frequency, gain_db, q) in enumerate(zip(*self._peaks, strict=True), 1):
                if abs(gain_db) > _FLAT_DB:
                    designs[band] = peak(float(frequency), float(gain_db), float(q), self._rate)
            if abs(self._high[1][0]) > _FLAT_DB:
                last = len(self._peaks[0]) + 1
                designs[last] = high_shelf(
                    float(self._high[0][0]), float(self._high[1][0]), self._rate
                )
        bands = tuple(designs)
        sections = np.array(list(designs.values())).reshape(-1, 6)
        state = np.zeros((len(bands), 2, 2))
        for place, band in enumerate(bands):
            if before is not None and band in before.bands:
                state[place] = before.state[before.bands.index(band)]
            else:
                first, second = sections[place, 1:3] - sections[place, 4:]
                state[place, :, 0] = first * self._past[:, 1] + second * self._past[:, 0]
                state[place, :, 1] = second * self._past[:, 1]
        return _Bank(bands, sections, state)

    def _begin(self) -> None:
        """Start the crossfade to the latest settings, if they give another filter."""
        self._waiting = False
        new = self._design(self._bank)
        if not np.array_equal(new.sections, self._bank.sections) or new.bands != self._bank.bands:
            self._old, self._bank = self._bank, new
            self._done = 0

    def process(self, stereo: NDArray[np.float32]) -> None:
        """Filter `stereo`, float32 (2, n) of finite numbers, in place."""
        if self._watch.changed():
            self._waiting = True
        samples = stereo.shape[1]
        start = 0
        # A crossfade may end, and the next begin, at any sample inside the block.
        while start < samples:
            if self._waiting and self._done == self._length:
                self._begin()
            left = self._length - self._done
            end = min(samples, start + left) if left else samples
            self._stretch(stereo[:, start:end])
            start = end

    def _stretch(self, stereo: NDArray[np.float32]) -> None:
        samples = stereo.shape[1]
        if self._done < self._length or self._bank.bands:
            signal = self._signal[:, :samples]
            signal[:] = stereo
            out = self._bank.process(signal)
            if self._done < self._length:
                out = self._fade(self._old.process(signal), out)
            stereo[:] = out
        if samples > 1:
            self._past[:] = stereo[:, -2:]
        else:
            self._past[:, 0] = self._past[:, 1]
            self._past[:, 1] = stereo[:, 0]

    def _fade(self, old: NDArray[np.float64], new: NDArray[np.float64]) -> NDArray[np.float64]:
        samples = new.shape[1]
        share = self._share[:samples]
        np.add(self._steps[:samples], self._done - self._settling, out=share)
        np.maximum(share, 0, out=share)
        share /= self._settling
        share *= share * (3 - 2 * share)  # without a corner at either end
        out = new * share
        np.subtract(1, share, out=share)
        out += old * share
        self._done += samples
        return out
