"""Outputs without a card: nothing at all, and a 24-bit WAV file."""

import os
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from appliance.audio import open_output, output
from appliance.audio.null import NullOutput
from appliance.audio.wav import WavOutput
from appliance.errors import AudioError


def test_null_takes_blocks_at_once_and_counts_nothing() -> None:
    with NullOutput() as null:
        start = time.monotonic()
        for _ in range(1000):
            null.write(np.zeros((2, 256), np.float32))
    assert time.monotonic() - start < 1.0
    assert (null.real_time, null.xruns, null.lost, null.channels) == (False, 0, False, 2)


def test_paced_null_counts_a_stall_as_an_xrun() -> None:
    null = NullOutput(rate=48000, period=64, periods=2, paced=True)
    block = np.zeros((2, 64), np.float32)
    for turn in range(30):
        if turn == 10:
            time.sleep(0.1)
        null.write(block)
    assert null.xruns >= 1


def test_wav_holds_the_samples_to_half_a_step(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    signal = np.random.default_rng(1).uniform(-1, 0.99, (2, 5000)).astype(np.float32)
    with WavOutput(path, rate=48000, period=256) as wav:
        for start in range(0, 5000, 700):
            wav.write(signal[:, start : start + 700])
    info = sf.info(path)
    assert (info.samplerate, info.channels, info.subtype) == (48000, 2, "PCM_24")
    assert np.max(np.abs(sf.read(path)[0].T - signal)) <= 2.0**-24


def test_wav_is_whole_while_written_and_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    script = (
        "import sys, time, numpy as np\n"
        "from appliance.audio import open_output\n"
        "out = open_output(sys.argv[1], rate=48000, period=256, paced=True)\n"
        "block = np.full((2, 256), 0.25, np.float32)\n"
        "for turn in range(100000):\n"
        "    out.write(block)\n"
        "    if turn == 20: print('running', flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, path], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"running\n"
    with wave.open(str(path)) as reader:
        assert reader.getnframes() >= 20 * 256
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    # This reader believes the header; one that looks at the file's length would prove nothing.
    with wave.open(str(path)) as reader:
        frames = reader.getnframes()
    assert frames >= 21 * 256
    assert frames * 6 <= path.stat().st_size - 44 <= (frames + 256) * 6
    assert np.allclose(sf.read(path)[0][: 20 * 256], 0.25)


def test_a_full_wav_goes_on_in_the_next_file(tmp_path: Path) -> None:
    signal = np.random.default_rng(1).uniform(-1, 0.99, (2, 1000)).astype(np.float32)
    with WavOutput(tmp_path / "long.wav", period=100, max_frames=450) as wav:
        for start in range(0, 1000, 100):
            wav.write(signal[:, start : start + 100])
    parts = [sf.read(tmp_path / name)[0] for name in ("long.wav", "long-2.wav", "long-3.wav")]
    assert [len(part) for part in parts] == [400, 400, 200]
    assert np.max(np.abs(np.concatenate(parts).T - signal)) <= 2.0**-24


def test_wav_in_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"nowhere/take\.wav cannot be written: No such file"):
        open_output(str(tmp_path / "nowhere" / "take.wav"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    path.symlink_to("/dev/full")
    wav = WavOutput(path)
    with pytest.raises(AudioError, match=r"take\.wav ends after 0\.0 s: No space left on device"):
        wav.write(np.zeros((2, 8192), np.float32))
    with pytest.raises(AudioError, match="could not be finished"):
        wav.close()
    wav.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("--- no soundcards ---\n", None),
        (" 0 [Device         ]: USB-Audio - USB Audio Device\n      Vendor\n", "default"),
    ],
)
def test_the_best_output_is_default_where_there_is_a_card(
    text: str, expected: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = tmp_path / "cards"
    cards.write_text(text)
    monkeypatch.setattr(output, "CARDS", cards)
    assert output.best_output_name() == expected


def test_auto_without_a_card_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = tmp_path / "cards"
    cards.write_text("--- no soundcards ---\n")
    monkeypatch.setattr(output, "CARDS", cards)
    with pytest.raises(AudioError, match=r"no sound card.*--output FILE\.wav"):
        open_output("auto")


def test_open_output_chooses_by_name(tmp_path: Path) -> None:
    with open_output("null", paced=False) as null:
        assert isinstance(null, NullOutput)
        assert not null.real_time
    with open_output(str(tmp_path / "A.WAV"), rate=48000) as wav:
        assert isinstance(wav, WavOutput)
        assert wav.real_time
        assert wav.rate == 48000
