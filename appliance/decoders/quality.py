"""The rule that a coarser graph must keep against the exact one, by numbers an ear agrees with."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.decoders.distance import log_mel_distance, ratio_db
from appliance.decoders.measurement import encoded
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.onnx_encoder import OnnxEncoder
from appliance.decoders.trials import trial_conditions, trial_latents, trial_noise, trial_sound

LOUDER = 4.0
"""How much larger than a row's own its neighbour's latents are where rows share a scale."""

_MARGIN_DB = 10.0  # the error must stay this far under the model's own variation
_EXACT_SNR_DB = 35.0  # and at this level where there is none
_MEL_DB = 0.5
_SPREAD_SNR_DB = 20.0  # of an encoder's latents: their spread over the error
_HEARD_S, _SETTLING_S = 0.8, 0.3
_LEAST_FRAMES = 24


@dataclass(frozen=True, slots=True)
class Quality:
    """SNR in dB, mean log-mel distance in dB (None for an encoder), and whether that will do."""

    snr_db: float
    mel_db: float | None
    accepted: bool


class DecoderRule:
    """Judges graphs of one decoder by what the exact one gives for the same random numbers.

    The error must stay 10 dB under the variation, the signal over the difference of two exact
    decodes with other random numbers, or at 35 dB where there is none; the log-mel distance at
    0.5 dB. A graph under judgement plays beside a neighbour with louder latents, whose activations
    may share a scale with its own.
    """

    def __init__(self, exact: OnnxDecoder, codes: int) -> None:
        """Decode with the exact graph, one row."""
        self._codes = codes
        self._first = self._decode(exact, 0)
        self.variation_db: float | None = None
        if exact.random:
            self.variation_db = ratio_db(self._first, self._decode(exact, 1) - self._first)

    def judge(self, decoder: OnnxDecoder) -> Quality:
        """Return the quality of `decoder`, two rows."""
        given = self._decode(decoder, 0)
        snr = ratio_db(self._first, given - self._first)
        mel = log_mel_distance(self._first, given, decoder.rate)
        least = _EXACT_SNR_DB
        if self.variation_db is not None:
            least = min(self.variation_db + _MARGIN_DB, _EXACT_SNR_DB)
        return Quality(snr, mel, snr >= least and mel <= _MEL_DB)

    def _decode(self, decoder: OnnxDecoder, noise_seed: int) -> NDArray[np.float64]:
        random = np.random.default_rng(noise_seed)
        settling = round(_SETTLING_S * decoder.rate / decoder.ratio)
        count = settling + max(round(_HEARD_S * decoder.rate / decoder.ratio), _LEAST_FRAMES)
        frames: list[NDArray[np.float32]] = []
        decoder.reset_all()
        latents = trial_latents(decoder.latents, count, seed=3, codes=self._codes)
        for frame, z in enumerate(latents):
            decoder.conditions[:] = trial_conditions(decoder.runtime.classes, frame)
            rows = np.repeat(z, decoder.rows, axis=0)
            if not self._codes:
                rows[1:] *= LOUDER
            noises = [
                np.repeat(trial_noise(random, kind, (1, *shape)), decoder.rows, axis=0)
                for kind, shape in decoder.runtime.noise_inputs
            ]
            frames.append(decoder.run(rows, noises)[0].copy())
        decoder.reset_all()
        return np.concatenate(frames[settling:]).astype(np.float64)


class EncoderRule:
    """Judges graphs of one encoder: the error must stay 20 dB under the spread of the latents."""

    def __init__(self, exact: OnnxEncoder) -> None:
        """Encode some sound with the exact graph."""
        self._exact = self._encode(exact)
        self.ranges = [
            (round(float(low), 2), round(float(high), 2))
            for low, high in np.percentile(self._exact, [1, 99], axis=0).T
        ]
        """Between which values 98 % of each latent lie for sound of many kinds."""

    def judge(self, encoder: OnnxEncoder) -> Quality:
        """Return the quality of `encoder`."""
        error = self._encode(encoder) - self._exact
        snr = ratio_db(self._exact - self._exact.mean(axis=0), error)
        return Quality(snr, None, snr >= _SPREAD_SNR_DB)

    @staticmethod
    def _encode(encoder: OnnxEncoder) -> NDArray[np.float64]:
        return encoded(encoder, trial_sound_for(encoder)).astype(np.float64)


def trial_sound_for(encoder: OnnxEncoder) -> NDArray[np.float32]:
    """Return seconds of sound in whole frames."""
    frames = min(max(round(4.0 * encoder.rate / encoder.ratio), 100), 400)
    return trial_sound(frames * encoder.ratio, encoder.rate, seed=2)
