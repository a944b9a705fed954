"""The terrain by messages: sounds placed, moved, trained on, saved and recalled while it plays."""

import queue
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from appliance.errors import ApplianceError
from appliance.jam.shelves import Shelves
from appliance.latent.terrain import Terrain
from appliance.parameters import Table, Values
from appliance.terrain.atlas import MADE, Atlas
from appliance.terrain.chart import ADDRESS, read_chart
from tests.jam.conftest import until

RATE = 44100


class Room:
    """An atlas, the module it draws for, and what it answered."""

    def __init__(self, folder: Path) -> None:
        self.values = Values(Table(2))
        self.terrain = Terrain(self.values, RATE)
        self.folder = folder
        shelves = Shelves(folder, (folder,), (), "choir-spectral")
        self.atlas = Atlas(
            self.terrain, self.values.table, self.values.array.copy(), shelves, rate=RATE
        )
        self.files: dict[str, str] = {}
        self.atlas.keep = self.files.__setitem__
        self.atlas.kept = lambda: self.files
        self.replies: queue.Queue[tuple[Any, ...]] = queue.Queue()

    def send(self, name: str, *arguments: object) -> None:
        self.atlas.perform(f"/terrain/{name}", arguments, lambda *said: self.replies.put(said))

    def __call__(self, name: str, *arguments: object) -> tuple[Any, ...]:
        self.send(name, *arguments)
        return self.replies.get(timeout=30)

    def at(self, x: float, y: float) -> np.ndarray:
        """Return the latents that the module gives at a place."""
        self.values.set("/terrain/glide_ms", 0)
        self.values.set("/terrain/x", x)
        self.values.set("/terrain/y", y)
        out = np.zeros((8, 2))
        self.terrain.evaluate(0, out)
        return out[:, 1]


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    """Return an atlas at work in an empty folder."""
    monkeypatch.setenv("NEURAL_SYNTH_DATA", str(tmp_path / "player"))
    room = Room(tmp_path / "player")
    room.atlas.start()
    yield room
    room.atlas.stop()


def presets(folder: Path) -> list[str]:
    """Write four presets, each with one offset of its own, and return their files."""
    files: list[str] = []
    for number in range(1, 5):
        path = folder / f"p{number}.yaml"
        path.write_text(
            f"name: Preset {number}\nparameters: {{/offset/{number}/value: 0.5,"
            f" /oscillators/8/waveform: sine, /oscillators/8/frequency: 1}}\n"
        )
        files.append(str(path))
    return files


def place_four(room: Room, folder: Path) -> None:
    corners = ((0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9))
    for number, (file, (x, y)) in enumerate(zip(presets(folder), corners, strict=True), 1):
        assert room("place", file, x, y) == ("/terrain/placed", number, f"Preset {number}")


def test_four_presets_make_a_map(room: Room, tmp_path: Path) -> None:
    place_four(room, tmp_path)
    for number, (x, y) in enumerate(((0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9))):
        expected = np.zeros(8)
        expected[number] = 1.0  # 0.5 times the expression of the offsets
        assert np.allclose(room.at(x, y), expected, atol=2e-3)
    middle = room.at(0.5, 0.5)
    assert np.allclose(middle[:4], 0.25, atol=1e-6)
    until(lambda: room.files.get(ADDRESS, "").startswith(MADE))
    assert len(read_chart(room.folder / room.files[ADDRESS]).places) == 4


def test_places_move_weigh_go_and_come_back(room: Room, tmp_path: Path) -> None:
    place_four(room, tmp_path)
    room.send("move", 1, 0.5, 0.5)
    until(lambda: room.atlas.chart.places[0].x == 0.5)
    assert room.at(0.5, 0.5)[0] == pytest.approx(1, abs=1e-3)
    room.send("weigh", 2, 4.0)
    room.send("remove", 3)
    until(lambda: len(room.atlas.chart.places) == 3)
    assert room.terrain.ground is None and not room.at(0.5, 0.5).any()
    room.send("undo")
    until(lambda: room.terrain.ground is not None)
    assert room("list")[:3] == ("/terrain/place", 1, "Preset 1")
    assert [room.replies.get(timeout=9)[0] for _ in range(4)][-1] == "/terrain/list/end"
    room.send("clear")
    until(lambda: not room.atlas.chart.places)


def test_latents_and_sounds_are_placed_too(room: Room, tmp_path: Path) -> None:
    latents = np.random.default_rng(0).normal(0, 1, (8, 50))
    np.save(tmp_path / "walk.npy", latents)
    soundfile.write(tmp_path / "voice.wav", np.sin(np.arange(RATE) / 30) / 4, RATE)
    assert room("place", str(tmp_path / "walk.npy"), 0.2, 0.3) == ("/terrain/placed", 1, "walk")
    assert np.allclose(room.atlas.chart.places[0].latents, latents.mean(axis=1), atol=1e-5)
    assert room("place", str(tmp_path / "voice.wav"), 0.7, 0.7, 2.0) == (
        "/terrain/placed",
        2,
        "voice",
    )
    assert room.atlas.chart.places[1].way.shape[1] > 10


def test_the_bank_lies_where_its_pads_are(room: Room, tmp_path: Path) -> None:
    bank = room.folder / "presets" / "bank"
    bank.mkdir(parents=True)
    for slot, file in zip((1, 8, 57, 64), presets(tmp_path), strict=True):
        (bank / f"{slot:02}.yaml").write_bytes(Path(file).read_bytes())
    assert room("bank") == ("/terrain/placed", 4, "Preset 4")
    assert [(p.x, p.y) for p in room.atlas.chart.places] == [
        (0.0625, 0.9375),
        (0.9375, 0.9375),
        (0.0625, 0.0625),
        (0.9375, 0.0625),
    ]


def test_a_network_is_trained_beside_the_sound_saved_and_recalled(
    room: Room, tmp_path: Path
) -> None:
    place_four(room, tmp_path)
    assert room("train", 5) == ("/terrain/trained", 5)
    assert room.atlas.status()["kind"] == "net"
    assert room.at(0.1, 0.1)[0] == pytest.approx(1, abs=0.15)
    assert room("save", "hills") == ("/terrain/saved", "latents/hills.npz")
    expected = room.at(0.4, 0.6)
    room.send("smooth")
    until(lambda: room.atlas.status()["kind"] == "places")
    assert not np.allclose(room.at(0.4, 0.6), expected)
    room.atlas.receivers[ADDRESS](room.folder / "latents" / "hills.npz")
    assert np.array_equal(room.at(0.4, 0.6), expected)
    until(lambda: room.atlas.file == "latents/hills.npz")
    room.send("clear")
    assert room("load", "latents/hills.npz") == ("/terrain/loaded", 4)
    assert room.files[ADDRESS] == "latents/hills.npz"


def test_everything_wrong_is_a_sentence(room: Room, tmp_path: Path) -> None:
    preset = presets(tmp_path)[0]
    (tmp_path / "text.npz").write_text("none")
    (room.folder / "presets" / "bank").mkdir(parents=True)
    for words, name, *arguments in (
        ("Did you mean '/terrain/place'", "plce"),
        ("takes NAME X Y", "place", "x"),
        ("X cannot be 2", "place", preset, 2.0, 0.5),
        ("WEIGHT cannot be 0", "place", preset, 0.5, 0.5, 0.0),
        ("no preset 'nothing'", "place", "nothing", 0.5, 0.5),
        ("no audio file", "place", "/nowhere/x.wav", 0.5, 0.5),
        ("No such file", "place", "/nowhere/x.npy", 0.5, 0.5),
        ("no place 1 on the terrain, which has none", "move", 1, 0.5, 0.5),
        ("needs 4 or more", "bank"),
        ("at least 4 places, not 0", "train"),
        ("SEED cannot be -1", "train", -1),
        ("nothing to undo", "undo"),
        ("Nothing is under way", "cancel"),
        ("4 to 64 places, not 0", "save", "x"),
        ("must be a relative name", "save", "../x"),
        ("no terrain, or damaged", "load", str(tmp_path / "text.npz")),
    ):
        try:
            room.send(name, *arguments)
        except ApplianceError as error:
            said = str(error)
        else:
            address, said = room.replies.get(timeout=10)
            assert address == "/error"
        assert re.search(words, said) and said.endswith((".", "?")), said
