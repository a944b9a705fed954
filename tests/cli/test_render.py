"""`neural-synth render`: exact, honest, and nothing half-written."""

import errno
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from appliance.plots.chart import WIDTH
from tests.cli.conftest import Box


def read(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="int32")[0]


def test_same_seed_same_file_any_period(box: Box) -> None:
    config = box.configure()
    common = ("--config", config, "--seconds", "1", "--set", "/noise/1/kind=rand", "--seed", "7")
    said = box("render", "a.wav", *common)
    assert said.code == 0 and "1 s at 44100 Hz" in said.out
    for name, period in (("b.wav", "64"), ("c.wav", "256"), ("d.wav", "1000")):
        assert box("render", name, *common, "--period", period).code == 0
        assert Path("a.wav").read_bytes() == Path(name).read_bytes()
    box("render", "e.wav", *common[:-1], "8")
    assert Path("a.wav").read_bytes() != Path("e.wav").read_bytes()
    audio = read(Path("a.wav"))
    assert audio.shape == (44100, 2) and np.abs(audio).max() > 1 << 20


def test_length_is_exact(box: Box) -> None:
    assert box("render", "a.flac", "--config", box.configure(), "--seconds", "0.123").code == 0
    assert len(read(Path("a.flac"))) == round(0.123 * 44100)


def test_a_preset_file_and_settings_are_heard(box: Box) -> None:
    config = box.configure()
    Path("still.yaml").write_text("name: Still\nparameters: {/offset/1/value: 0.5}\n")
    box("render", "a.wav", "--config", config, "--seconds", "0.5", "--preset", "still.yaml")
    box(
        "render",
        "b.wav",
        "--config",
        config,
        "--seconds",
        "0.5",
        "--preset",
        "still.yaml",
        "--set",
        "/offset/1/value=-0.5",
    )
    assert not np.array_equal(read(Path("a.wav")), read(Path("b.wav")))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("out.mp3",), 4, "must end in .wav or .flac"),
        (("out.wav", "--set", "/offset/1/value"), 2, "write ADDRESS=VALUE"),
        (("out.wav", "--set", "/offset/9/value=1"), 2, "no parameter '/offset/9/value'"),
        (("out.wav", "--set", "/offset/1/value=3"), 2, "-1 to 1"),
        (("out.wav", "--preset", "nothing"), 2, "There is no preset 'nothing'"),
        (("out.wav", "--preset", "firts-light"), 2, "Did you mean 'first-light'"),
        (("nowhere/out.wav",), 4, "nowhere/out.wav cannot be written"),
        (("out.wav", "--config", "none.yaml"), 2, "none.yaml"),
        (("out.wav", "--seconds", "-1"), 2, "--seconds"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    box: Box, arguments: tuple[str, ...], code: int, words: str
) -> None:
    if "--config" not in arguments:
        arguments = (*arguments, "--config", str(box.configure()))
    said = box("render", *arguments, *(("--seconds", "0.1") if code == 4 else ()))
    assert said.code == code
    assert words in said.err and "Traceback" not in said.err
    assert not list(Path().glob("**/*out*"))


def test_a_model_that_is_missing_is_named(box: Box) -> None:
    config = box.configure(decoders=[{"model": "slwo"}])
    said = box("render", "out.wav", "--config", config)
    assert said.code == 3
    assert "no imported model 'slwo'" in said.err and "Did you mean 'slow'" in said.err


def test_a_full_disk_leaves_the_old_file(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    config = box.configure()
    box("render", "out.wav", "--config", config, "--seconds", "0.2")
    before = Path("out.wav").read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(soundfile.SoundFile, "write", full)
    said = box("render", "out.wav", "--config", config, "--seconds", "0.2")
    assert said.code == 4 and "No space left on device" in said.err
    assert Path("out.wav").read_bytes() == before
    assert [p.name for p in Path().glob("*out*")] == ["out.wav"]


def test_a_preset_plays_from_its_latents(box: Box) -> None:
    config = box.configure()
    folder = Path(".local/share/neural-synth/latents")
    folder.mkdir(parents=True)
    np.save(folder / "steps.npy", np.random.default_rng(0).uniform(-2, 2, (8, 30)))
    text = "name: Jam\nparameters: {/jam/2/play: on}\n"
    Path("still.yaml").write_text(text)
    Path("jam.yaml").write_text(text + "files: {/jam/2/file: latents/steps.npy}\n")
    for name in ("still", "jam"):
        said = box(
            "render",
            f"{name}.wav",
            "--config",
            config,
            "--seconds",
            "1",
            "--preset",
            f"{name}.yaml",
        )
        assert said.code == 0, said.err
    assert not np.array_equal(read(Path("still.wav")), read(Path("jam.wav")))
    Path("jam.yaml").write_text(text + "files: {/jam/2/file: latents/gone.npy}\n")
    said = box("render", "jam.wav", "--config", config, "--preset", "jam.yaml")
    assert said.code == 2 and "There is no file latents/gone.npy" in said.err


def test_an_audio_file_plays_through_the_encoder_alone_or_with_its_preset(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = box.configure()
    monkeypatch.setenv("NEURAL_SYNTH_DATA", str(box.folder / "data"))
    samples = box.folder / "data" / "samples"
    samples.mkdir(parents=True)
    noise = np.random.default_rng(1).standard_normal((96_000, 2)) / 8
    soundfile.write(samples / "noise.flac", noise, 192_000)
    Path("p.yaml").write_text(
        "name: P\nparameters: {/encoder/file/play: on}\n"
        "files: {/encoder/file: samples/noise.flac}\n"
    )
    common = ("--config", config, "--seconds", "1")
    assert box("render", "a.wav", *common, "--preset", "p.yaml").code == 0
    Path("q.yaml").write_text("name: Q\nparameters: {/offset/1/value: 0}\n")
    for name, period in (("b.wav", "64"), ("c.wav", "1000")):
        said = box(
            "render", name, *common, "--preset", "q.yaml", "--period", period,
            "--input", samples / "noise.flac",
        )  # fmt: skip
        assert said.code == 0, said.err
        assert Path(name).read_bytes() == Path("a.wav").read_bytes()
    assert box("render", "d.wav", *common, "--preset", "q.yaml").code == 0
    assert Path("d.wav").read_bytes() != Path("a.wav").read_bytes()
    said = box("render", "e.wav", *common, "--input", "gone.wav")
    assert said.code == 4 and "gone.wav cannot be read" in said.err


def test_pictures_are_drawn_beside_and_change_nothing(box: Box) -> None:
    np.save("a.npy", np.random.default_rng(1).standard_normal((8, 50)).astype(np.float32))
    said = box("latents", "plot", "a.npy", "a.png", "--rate", "10")
    assert said.code == 0 and "8 x 50 latents, 5.0 s" in said.out
    assert Image.open("a.png").size[0] > WIDTH
    said = box("latents", "plot", "a.npy", "a.jpg")
    assert said.code and "a.jpg cannot be written" in said.err
    common = ("--config", box.configure(), "--seconds", "1", "--set", "/oscillators/1/waveform=saw")
    assert box("render", "a.wav", *common).code == 0
    said = box("render", "b.wav", *common, "--plot", "b.png")
    assert said.code == 0, said.err
    assert Path("a.wav").read_bytes() == Path("b.wav").read_bytes()
    assert Image.open("b.png").size[1] > Image.open("a.png").size[1] + 200
