"""The encoder's messages, its files and its state."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from appliance.config import AudioConfig, Config, DecoderConfig, EncoderConfig
from appliance.decoders.library import Library
from appliance.engine.instrument import Instrument
from appliance.engine.listening import FILE, Listening
from appliance.engine.queue import ParameterQueue
from appliance.errors import ParameterError
from tests.input.test_capture import until


class Desk:
    """The encoder's part beside an instrument that is stepped by hand."""

    def __init__(self, library: Library, **encoder: Any) -> None:
        slots = [DecoderConfig(model="slow"), DecoderConfig(model="fast")]
        self.config = Config(
            audio=AudioConfig(output="null"), decoders=slots, encoder=EncoderConfig(**encoder)
        )
        self.instrument = Instrument(self.config, library)
        self.queue = ParameterQueue()
        self.named: list[tuple[str, str]] = []
        self.part = Listening(
            self.instrument,
            self.queue,
            self.config,
            period=256,
            name_file=lambda address, name: self.named.append((address, name)),
        )

    def send(self, address: str, *arguments: object) -> None:
        self.part.perform(address, arguments, lambda *_: None)
        self.queue.drain(self.instrument.values.array)


@pytest.fixture
def desk(library: Library) -> Iterator[Desk]:
    desk = Desk(library)
    yield desk
    desk.part.stop()


def test_a_matrix_is_set_as_a_whole(desk: Desk) -> None:
    matrix = desk.instrument.values.view("/encoder/{slot}/route/{source}/{channel}")
    desk.send("/encoder/route/all", 2)
    assert np.array_equal(matrix[0], np.eye(8)) and (matrix[1] == 1).all()
    desk.send("/encoder/route/clear")
    assert not matrix.any()
    desk.send("/encoder/route/identity")
    assert np.array_equal(matrix, np.stack([np.eye(8)] * 2))


def test_a_file_is_named_for_the_preset_and_loaded_beside(desk: Desk, tmp_path: Path) -> None:
    desk.send(FILE, "samples/voice.wav")
    assert desk.named == [(FILE, "samples/voice.wav")]
    soundfile.write(tmp_path / "voice.wav", np.ones(48000) / 2, 48000)
    desk.part.start()
    desk.part.receivers[FILE](tmp_path / "voice.wav")
    player = desk.instrument.sources.file
    until(lambda: player.clip is not None)
    state = desk.part.status()["file"]
    assert state["name"] == "voice.wav" and state["seconds"] == pytest.approx(1, abs=0.01)
    clip = player.clip
    (tmp_path / "voice.wav").unlink()  # it lies in memory
    desk.instrument.values.set("/encoder/file/play", 1)
    out = np.zeros((2, 1024), np.float32)
    for _ in range(5):
        desk.instrument.render(out)
    assert desk.part.status()["peak"] == pytest.approx(0.5, abs=0.01)
    desk.part.receivers[FILE](tmp_path / "voice.wav")
    until(lambda: desk.part.status()["file"]["problem"])
    assert "voice.wav" in desk.part.status()["file"]["problem"]
    assert player.clip is clip  # and goes on
    desk.send(FILE, "")
    until(lambda: player.clip is None)


def test_a_file_that_is_no_sound_is_told(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "poem.wav").write_text("la la la")
    desk.part.take(tmp_path / "poem.wav")
    assert "poem.wav cannot be read as sound" in desk.part.status()["file"]["problem"]


def test_an_absent_card_is_told_once_somebody_listens(library: Library) -> None:
    desk = Desk(library, capture="hw:CARD=Nowhere")
    desk.part.start()
    try:
        assert desk.part.status()["live"]["problem"] is None
        desk.instrument.values.set("/encoder/live/level_db", 0)
        until(lambda: desk.part.status()["live"]["problem"])
        assert "hw:CARD=Nowhere" in desk.part.status()["live"]["problem"]
        out = np.zeros((2, 1024), np.float32)
        desk.instrument.render(out)
        desk.instrument.values.set("/encoder/live/level_db", -60)
        until(lambda: desk.part.status()["live"]["problem"] is None)
    finally:
        desk.part.stop()


def test_without_a_model_or_a_card_the_part_still_answers(library: Library) -> None:
    desk = Desk(library, model=None, capture="none")
    state = desk.part.status()
    assert state["model"] is None and state["live"] is None
    desk.instrument.render(np.zeros((2, 1024), np.float32))


@pytest.mark.parametrize(
    ("address", "arguments", "words"),
    [
        ("/encoder/rute/all", (), "Did you mean '/encoder/route/all'"),
        ("/encoder/file", (), "takes NAME"),
        ("/encoder/file", (3,), "takes NAME"),
        ("/encoder/route/all", (3,), "from 1 to 2, not 3"),
        ("/encoder/route/all", ("x",), "from 1 to 2"),
        ("/encoder/route/all", (1, 2), "from 1 to 2"),
    ],
)
def test_what_cannot_be_understood(
    desk: Desk, address: str, arguments: tuple[object, ...], words: str
) -> None:
    with pytest.raises(ParameterError, match=words):
        desk.send(address, *arguments)
