"""Audio files in memory: any format, any rate; what is no sound is a sentence."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from appliance.errors import AudioError
from appliance.input import clip as clips
from appliance.input.clip import FULL_SCALE, load_clip

RATE = 44100


def tone(rate: int, seconds: float = 0.5, frequency: float = 441.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


@pytest.mark.parametrize(
    ("name", "rate", "subtype"),
    [
        ("a.wav", 44100, None),
        ("a.flac", 48000, None),
        ("a.wav", 192000, "FLOAT"),
        ("a.wav", 8000, "ULAW"),
        ("a.ogg", 32000, None),
        ("a.aiff", 96000, "PCM_24"),
    ],
)
def test_every_format_and_rate_gives_the_sound(
    tmp_path: Path, name: str, rate: int, subtype: str | None
) -> None:
    soundfile.write(tmp_path / name, np.stack([tone(rate), tone(rate)], 1), rate, subtype)
    clip = load_clip(tmp_path / name, RATE)
    sound = clip.samples * (FULL_SCALE / 32767)
    assert abs(len(sound) - RATE / 2) <= 1
    middle = slice(2000, 20000)
    assert np.abs(sound[middle] - tone(RATE)[middle]).max() < 0.03


def test_channels_are_mixed_and_broken_samples_are_silence(tmp_path: Path) -> None:
    frames = np.zeros((1000, 3), np.float32)
    frames[:, 0], frames[:, 1], frames[500, 2] = 0.9, 0.3, np.nan
    frames[700] = 50
    soundfile.write(tmp_path / "three.wav", frames, RATE, subtype="FLOAT")
    samples = load_clip(tmp_path / "three.wav", RATE).samples * (FULL_SCALE / 32767)
    assert samples[[0, 500]] == pytest.approx(0.4, abs=1e-4)
    assert samples[700] == FULL_SCALE


def test_what_is_no_sound_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "poem.wav").write_text("la la la")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), RATE)
    soundfile.write(tmp_path / "long.wav", np.zeros(RATE * 3), RATE)
    monkeypatch.setattr(clips, "LONGEST", 2)
    for name, words in (
        ("poem.wav", "poem.wav cannot be read as sound .*: use WAV"),
        ("gone.wav", "gone.wav cannot be read"),
        ("empty.wav", "empty.wav holds no sound"),
        ("long.wav", "long.wav lasts 0 minutes, but"),
        (".", "cannot be read"),
    ):
        with pytest.raises(AudioError, match=words):
            load_clip(tmp_path / name, RATE)
