"""The encoder in the engine: exact for any period, silent when there is nothing to hear."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.config import AudioConfig, Config, DecoderConfig, EncoderConfig
from appliance.decoders.library import Library
from appliance.engine.encoding import HOLD_SECONDS, Encoding
from appliance.engine.instrument import Instrument
from appliance.input.clip import Clip
from appliance.latent.encoded import Encoded
from appliance.parameters import Table, Values

SLOTS = [DecoderConfig(model="slow", seed=1), DecoderConfig(model="fast", seed=2)]
NOISE = (np.random.default_rng(0).standard_normal(30_000) * 3000).astype(np.int16)


def instrument(library: Library, rate: int = 44100, model: str = "choir-spectral") -> Instrument:
    config = Config(
        audio=AudioConfig(rate=rate), decoders=SLOTS, encoder=EncoderConfig(model=model)
    )
    made = Instrument(config, library)
    made.sources.file.clip = Clip(Path("noise"), NOISE)
    return made


def render(
    made: Instrument, samples: int, period: int, **settings: float
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the sound and the encoder's last latents."""
    for name, value in settings.items():
        made.values.set(f"/{name.replace('__', '/')}", value)
    made.settle()
    out = np.zeros((2, samples), np.float32)
    for start in range(0, samples, period):
        made.render(out[:, start : start + period])
    return out, made.latents.last[3].copy()


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize(
    "settings",
    [
        {"encoder__file__play": 1, "mix__input": 0.4},
        {"encoder__feedback__1__level_db": 24, "encoder__feedback__2__level_db": 6,
         "offset__1__value": 0.5},
        {"encoder__file__play": 1, "encoder__file__loop": 0},
    ],
)  # fmt: skip
def test_any_period_gives_the_same_bits(
    library: Library, rate: int, settings: dict[str, float]
) -> None:
    whole, latents = render(instrument(library, rate), 60_000, 8192, **settings)
    assert np.isfinite(whole).all() and np.abs(whole).max() > 0.01
    for period in (100, 256):
        sound, again = render(instrument(library, rate), 60_000, period, **settings)
        assert np.array_equal(sound, whole), period
        assert np.array_equal(again, latents)


def test_sound_that_has_come_in_whole_shapes_its_own_block(library: Library) -> None:
    """With a lead of a block the same latents hold a block earlier."""
    held: list[NDArray[np.float64]] = []
    for lead in (0, 512):
        made = instrument(library)
        made.values.set("/encoder/file/play", 1)
        made.settle()
        assert made.encoding is not None
        made.encoding.lead = lead
        out = np.zeros((2, 512), np.float32)
        rows: list[NDArray[np.float64]] = []
        for _ in range(40):
            made.render(out)
            rows.append(made.latents.last[3].copy())
        held.append(np.array(rows))
    assert np.abs(held[0]).max() > 0.1
    assert np.array_equal(held[0][1:], held[1][:-1])


def test_a_frame_holds_from_its_end_on_as_the_model_gives_it() -> None:
    encoder = Library().open_encoder("choir-spectral")
    values = Values(Table())
    values.set("/encoder/expression", 2)
    target = Encoded(values, 44100)
    encoding = Encoding("m", encoder, target, rate=44100, max_block=1024)
    sound = (NOISE[:20_480] / 32768).astype(np.float32)
    out = np.zeros((8, 160))
    for start in range(0, len(sound), 1024):
        encoding.write(sound[start : start + 1024])
        while encoding.pending:
            encoding.work(lambda: 0)
        target.evaluate(start // 128, out[:, start // 128 : start // 128 + 8])
    model = Library().open_encoder("choir-spectral")
    ratio = model.ratio
    frames = [model.encode(f).copy() for f in sound.reshape(-1, ratio)]
    for instant in range(160):
        number = instant * 128 // ratio - 1
        expected = 2 * frames[number][:8] if number >= 0 else np.zeros(8)
        assert np.array_equal(out[:, instant], expected), instant


def test_nothing_to_hear_is_no_latent_and_no_work(library: Library) -> None:
    made = instrument(library)
    _, latents = render(made, 100_000, 256)
    assert made.encoding is not None and made.encoding.frames == 0 and not latents.any()
    made = instrument(library)
    _, latents = render(made, 30_000, 256, encoder__file__play=1, encoder__file__loop=0)
    assert latents.any()
    silence = np.zeros((2, round((HOLD_SECONDS + 0.1) * 44100)), np.float32)
    made.render(silence)
    assert made.encoding is not None
    frames = made.encoding.frames
    made.render(np.zeros((2, 44100), np.float32))
    assert made.encoding.frames == frames and not made.latents.last[3].any()


def test_the_matrix_is_each_slots_own(library: Library) -> None:
    made = instrument(library)
    values = made.values
    for channel in range(1, 9):
        values.set(f"/encoder/2/route/{channel}/{channel}", 0)
    values.set("/encoder/2/route/3/5", -2)
    values.set("/decoder/2/reshape/5", 0.5)
    render(made, 40_000, 500, encoder__file__play=1)
    last, z = made.latents.last[3], made._held
    assert np.allclose(z[0], last) and last.any()
    assert z[1, 4] == pytest.approx(-last[2]) and not np.delete(z[1], 4).any()


@pytest.mark.parametrize("gain", [0.0, 24.0])
def test_feedback_stays_bounded(library: Library, gain: float) -> None:
    made = instrument(library, model="choir-wave")
    settings = {f"encoder__feedback__{slot}__level_db": gain for slot in (1, 2)}
    sound, latents = render(
        made, 10 * 44100, 1024, encoder__expression=4, offset__1__value=1, **settings
    )
    assert np.isfinite(sound).all() and np.abs(sound).max() <= 10 ** (-1 / 20) + 1e-6
    assert np.isfinite(latents).all() and np.abs(latents).max() < 200
    assert made.sources.peak <= 1 and made.latents.faults == 0


def test_a_dry_mix_is_the_input_alone_and_none_of_it_leaves_no_trace(library: Library) -> None:
    plain, _ = render(instrument(library), 20_000, 256)
    beside, _ = render(
        instrument(library), 20_000, 256, encoder__file__play=1,
        **{f"decoder__{slot}__send__encoder": 0 for slot in (1, 2)},
    )  # fmt: skip
    assert np.array_equal(plain, beside)
    settings = {"master__compressor__on": 0, "encoder__file__play": 1, "mix__input": 1}
    dry, _ = render(instrument(library), 20_000, 256, **settings)
    assert np.array_equal(dry[0], dry[1])
    expected = NOISE[1000:15_000] / 16384
    latency = Instrument(Config(), Library()).master.latency
    assert np.allclose(dry[0, 1000 + latency : 15_000 + latency], expected, atol=2e-5)


def test_an_encoder_that_fails_mutes_its_module_and_no_more() -> None:
    class Failing:
        ratio, rate, latents, temperature = 512, 44100, 8, 0.0

        def encode(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
            raise RuntimeError("no")

        def reset(self) -> None: ...

    target = Encoded(Values(Table()), 44100)
    encoding = Encoding("m", Failing(), target, rate=44100, max_block=1024)
    for _ in range(3):
        encoding.write(np.ones(512, np.float32))
        with pytest.raises(RuntimeError):
            encoding.work(lambda: 0)
        encoding.fail()
        if encoding.broken:
            break
    encoding.write(np.ones(512, np.float32))
    encoding.work(lambda: 0)
    out = np.ones((8, 4))
    target.evaluate(12, out)
    assert not out.any()


def test_a_worker_that_is_far_behind_loses_frames_and_goes_on() -> None:
    target = Encoded(Values(Table()), 44100)
    encoding = Encoding(
        "m", Library().open_encoder("choir-spectral"), target, rate=44100, max_block=1024
    )
    for _ in range(100):
        encoding.write(np.ones(1024, np.float32))
    assert encoding.skipped > 0
    while encoding.pending:
        encoding.work(lambda: 0)
    encoding.write(np.ones(1024, np.float32))
    assert encoding.pending
