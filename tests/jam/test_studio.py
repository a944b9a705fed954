"""The jam slots by messages: made, edited, recorded, saved and found again while they play."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from appliance.decoders.library import Library
from appliance.errors import ApplianceError, LatentError, ParameterError
from appliance.jam.arrays import read_latents
from appliance.jam.encoding import encode_file
from appliance.jam.filling import random_latents
from appliance.jam.studio import MADE
from appliance.latent.clip import clip_of
from appliance.priors import open_prior
from tests.jam.conftest import RATE, Room, until

GRID = RATE / 128


def play(room: Room, slot: int, **settings: float) -> None:
    for name, value in {"play": 1, "interpolation": 1, "rate": GRID, **settings}.items():
        room.values.set(f"/jam/{slot}/{name}", value)


def test_fills_and_plays_edits_and_undoes(room: Room) -> None:
    assert room("fill", 3, "walk", 40, 1.5, 7) == ("/jam/filled", 3, 40)
    latents = random_latents("walk", 40, 1.5, 7)
    play(room, 3)
    assert np.array_equal(room.run(40), latents)
    assert room("edit", 3, "reverse") == ("/jam/edited", 3, 40)
    assert np.array_equal(room.run(40), latents[:, ::-1])
    assert room.studio.status()["slots"][2]["undo"] == 2
    room.send("undo", 3)
    until(lambda: room.studio.slots[2].depth == (1, 1))
    assert np.array_equal(room.run(40), latents)
    room.send("redo", 3)
    until(lambda: room.studio.slots[2].depth == (2, 0))
    assert np.array_equal(room.run(40), latents[:, ::-1])


def test_freezes_what_sounds_now_and_jumps(room: Room) -> None:
    room("fill", 1, "uniform", 40)
    play(room, 1)
    before = room.run(17)
    room("edit", 1, "freeze")
    assert np.array_equal(room.run(10), np.repeat(before[:, -1:], 10, axis=1))
    room("fill", 2, "uniform", 101)
    play(room, 2)
    room.run(5)
    room.send("cursor", 2, 0.5)
    room.run(2)
    assert room("cursor", 2) == ("/jam/cursor", 2, pytest.approx(0.5, abs=0.02))
    assert room("cursor", 5) == ("/jam/cursor", 5, -1.0)


def test_what_is_made_is_saved_at_once_and_told_to_the_presets(room: Room) -> None:
    room("fill", 4, "gaussian", 30)
    until(lambda: "/jam/4/file" in room.files)
    file = room.files["/jam/4/file"]
    assert file.startswith(MADE)
    assert np.array_equal(read_latents(room.folder / file), random_latents("gaussian", 30, 1, 0))
    assert room("save", 4, "breath") == ("/jam/saved", 4, "latents/breath.npy")
    assert room.files["/jam/4/file"] == "latents/breath.npy"
    assert room("load", 5, "latents/breath.npy", 2.0) == ("/jam/loaded", 5, 30)
    until(lambda: "/jam/5/file" in room.files)
    scaled = read_latents(room.folder / room.files["/jam/5/file"])
    assert np.array_equal(scaled, 2 * random_latents("gaussian", 30, 1, 0))


def test_a_recalled_preset_brings_its_file_and_keeps_it(room: Room) -> None:
    latents = random_latents("walk", 50, 1, 1)
    room("fill", 1, "uniform", 20)
    path = room.folder / "latents" / "walk.npy"
    until(lambda: room.files)
    np.save(path, latents)
    room.files.clear()
    room.files["/jam/1/file"] = "latents/walk.npy"
    play(room, 1)
    room.run(3)
    room.studio.receivers["/jam/1/file"](path)
    assert np.array_equal(room.run(50), latents)
    until(lambda: room.studio.slots[0].file == "latents/walk.npy")
    room.studio.receivers["/jam/1/file"](path)  # once more: nothing begins anew
    assert np.array_equal(room.run(10), latents[:, :10])
    assert room.files == {"/jam/1/file": "latents/walk.npy"}
    with pytest.raises(LatentError, match="No such file"):
        room.studio.receivers["/jam/2/file"](room.folder / "latents" / "gone.npy")


def test_a_slot_switched_on_by_hand_becomes_part_of_the_sound(room: Room) -> None:
    room("fill", 6, "walk")
    until(lambda: room.files)
    room.files.clear()  # another sound was recalled
    room.values.set("/jam/6/play", 1)
    until(lambda: "/jam/6/file" in room.files)


def test_records_new_round_a_loop_and_over_it(room: Room) -> None:
    room.send("record", 1, "new")
    until(lambda: room.jam.recording)
    for instant in range(60):
        room.values.set("/offset/1/value", instant / 100)
        room.run(1)
    said = room("record", 1, "off")
    assert said == ("/jam/recorded", 1, 60)
    expected = np.arange(60) / 100 * 2
    assert np.allclose(room.studio.latents(0)[0], expected)
    assert np.allclose(room.run(60)[0], expected)  # it plays from its start, as it was recorded

    room.values.set("/offset/1/value", 0.25)
    room.send("record", 1, "overdub")
    until(lambda: room.jam.recording)
    room.run(60)
    room("record", 1, "off")
    assert np.allclose(room.studio.latents(0)[0], expected + 0.5, atol=1e-5)

    room.send("record", 2, "loop", 0.1, "jam")
    until(lambda: room.jam.recording)
    status = room.studio.status()["slots"][1]
    assert status["recording"] == "loop" and status["points"] == 34
    room.run(40)
    assert room.studio.status()["slots"][1]["recorded"] == 40
    room("record", 2, "off")
    assert room.studio.latents(1)[0].any()


def test_an_overdubbed_clip_of_another_rate_is_brought_to_the_grid(room: Room) -> None:
    room("fill", 1, "walk", 32)
    play(room, 1, rate=GRID / 4)
    room.run(2)
    room.send("record", 1, "overdub")
    until(lambda: room.jam.recording)
    room.run(2)
    assert room.studio.status()["slots"][0]["points"] == 128
    assert room.values.get("/jam/1/rate") == pytest.approx(GRID)
    room("record", 1, "off")
    kept = room.studio.latents(0)[:, ::4]
    assert np.allclose(kept, random_latents("walk", 32, 1, 0), atol=1e-6)


def test_pictures_copies_gains(room: Room) -> None:
    room("fill", 1, "walk", 1000)
    address, slot, count, text = room("points", 1, 10)
    rows = np.array(json.loads(text))
    assert (address, slot, count, rows.shape) == ("/jam/points", 1, 1000, (8, 10))
    assert np.allclose(rows, room.studio.latents(0)[:, 50::100], atol=1e-3)
    room.send("copy", 1, 8)
    until(lambda: room.jam.clips[7] is room.jam.clips[0])
    room.send("route", 1, "all")
    room.run(1)
    assert room.values.view("/jam/{jam}/route/{source}/{channel}")[0].all()
    room.send("clear", 1)
    until(lambda: room.jam.clips[0] is None)


def test_everything_wrong_is_a_sentence_and_the_sound_goes_on(room: Room, tmp_path: Path) -> None:
    room("fill", 1, "walk", 40)
    play(room, 1)
    np.save(tmp_path / "nan.npy", np.full((8, 9), np.nan))
    np.save(tmp_path / "hours.npy", np.zeros((8, 775_195), np.float16))
    np.save(tmp_path / "one.npy", np.zeros((8, 1)))
    (tmp_path / "noise.wav").write_bytes(b"RIFF and no more")
    for words, name, *arguments in (
        ("Did you mean '/jam/fill'", "fil", 1),
        ("takes SLOT KIND", "fill", 1),
        ("There is no jam slot 9", "fill", 9, "walk"),
        ("SLOT cannot be 'x'", "clear", "x"),
        ("Did you mean 'walk'", "fill", 1, "wlk"),
        ("POINTS cannot be 1", "fill", 1, "walk", 1),
        ("WIDTH cannot be -1", "fill", 1, "walk", 9, -1.0),
        ("SEED cannot be -1", "fill", 1, "walk", 9, 1.0, -1),
        ("holds nan", "load", 1, str(tmp_path / "nan.npy")),
        ("has 775195 points", "load", 1, str(tmp_path / "hours.npy")),
        ("has 1 point;", "load", 1, str(tmp_path / "one.npy")),
        ("No such file", "load", 1, "/nowhere/x.npy"),
        ("There is no file latents/x.npy in", "load", 1, "latents/x.npy"),
        ("must be a relative name", "save", 1, "../../x"),
        ("Jam slot 2 is empty", "save", 2, "x"),
        ("Jam slot 2 is empty", "edit", 2, "reverse"),
        ("Did you mean 'reverse'", "edit", 1, "revers"),
        ("nothing to undo", "undo", 3),
        ("nothing to do again", "redo", 3),
        ("same jam slot, 1", "copy", 1, 1),
        ("Nothing is under way", "cancel", 1),
        ("Nothing is recorded", "record", 1, "off"),
        ("Did you mean 'overdub'", "record", 1, "overdup"),
        ("loop has no length", "record", 3, "loop"),
        ("SECONDS cannot be 1e\\+06", "record", 3, "loop", 1e6),
        ("Did you mean 'offset'", "record", 3, "new", 1.0, "ofset"),
        ("no audio file", "encode", 1, "/nowhere/x.wav"),
        ("SHARE cannot be 2", "cursor", 1, 2.0),
        ("GAINS cannot be", "route", 1, "some"),
        ("COLUMNS cannot be 0", "points", 1, 0),
    ):
        try:
            room.send(name, *arguments)
        except (ParameterError, ApplianceError) as error:
            said = str(error)
        else:
            address, said = room.said()
            assert address == "/error"
        assert re.search(words, said) and said.endswith((".", "?")), said
    assert room.studio.status()["problems"]
    assert np.array_equal(room.run(40), random_latents("walk", 40, 1, 0))


def test_a_file_removed_while_it_plays_does_not_matter(room: Room) -> None:
    room("fill", 1, "walk", 40)
    room("save", 1, "gone")
    (room.folder / "latents" / "gone.npy").unlink()
    play(room, 1)
    assert room.run(40).any()
    assert room("save", 1, "again")[2] == "latents/again.npy"


def test_a_full_disk_or_a_long_queue_is_told(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise LatentError("x.npy cannot be written: No space left on device. Free some space.")

    monkeypatch.setattr("appliance.jam.studio.write_latents", full)
    room("fill", 1, "walk", 40)
    until(lambda: "No space left" in str(room.studio.status()["problems"]))
    room.jam.put(7, clip_of(np.ones((8, 3))))
    assert room("fill", 2, "walk", 40)[0] == "/jam/filled"


def test_encodes_a_file_beside_the_sound_and_can_be_cancelled(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "voice.wav"
    time = np.arange(2 * RATE) / RATE
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 220 * time * (1 + time)), RATE)
    said = room("encode", 1, str(path))
    card = Library().card("choir-spectral")
    rate = card.rate / card.ratio
    assert said[:2] == ("/jam/encoded", 1) and said[2] == int(2 * rate)
    room.run(2)
    assert room.values.get("/jam/1/rate") == pytest.approx(rate)
    expected = encode_file(Library(), "choir-spectral", path)
    assert np.array_equal(room.studio.latents(0), expected.latents)
    room.send("encode", 2, str(path))
    until(lambda: room.studio.status()["slots"][1]["working"] == "encode")
    room.send("cancel", 2)
    until(lambda: not room.studio.errands)
    (tmp_path / "noise.wav").write_bytes(b"RIFF and no more")
    address, sentence = room("encode", 2, str(tmp_path / "noise.wav"))
    assert address == "/error" and "noise.wav cannot be read as sound" in sentence
    assert room.studio.status()["slots"][1]["points"] == 0


def test_latents_are_made_up_beside_the_sound(room: Room, folder: Path) -> None:
    room.studio.shelves = replace(room.studio.shelves, models=(str(folder),), model="hum-wave")
    assert room("generate", 1, 3.0, 7) == ("/jam/generated", 1, 65)
    prior = open_prior(Library([folder]), "hum-wave")
    assert np.allclose(room.studio.latents(0), prior.generate(65, 7), atol=1e-5)
    room.run(2)
    assert room.values.get("/jam/1/rate") == pytest.approx(44100 / 2048)
    address, sentence = room("generate", 2, 3.0, 7, 1.0, "hun-wave")
    assert address == "/error" and "There is no prior for 'hun-wave'" in sentence
    for arguments, words in (((-1.0,), "SECONDS cannot be -1"), ((1.0, -1), "SEED cannot be -1")):
        address, sentence = room("generate", 2, *arguments)
        assert address == "/error" and words in sentence


@pytest.mark.parametrize("rate", [8000, 192000])
def test_files_of_any_rate_are_encoded_at_the_models(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "tone.wav"
    tone = 0.3 * np.sin(2 * np.pi * 330 * np.arange(2 * rate) / rate)
    soundfile.write(path, np.stack((tone, tone), 1), rate)
    plain = tmp_path / "plain.wav"
    soundfile.write(plain, 0.3 * np.sin(2 * np.pi * 330 * np.arange(2 * RATE) / RATE), RATE)
    library = Library()
    one, other = (encode_file(library, "choir-spectral", p).latents for p in (path, plain))
    assert np.abs(one.mean(axis=1) - other.mean(axis=1)).max() < 0.3


def test_sound_that_cannot_be_encoded_is_refused(tmp_path: Path) -> None:
    library = Library()
    short = tmp_path / "short.wav"
    soundfile.write(short, np.zeros(100), RATE)
    slow = tmp_path / "slow.wav"
    soundfile.write(slow, np.zeros(100), 1000)
    long = tmp_path / "long.wav"
    with soundfile.SoundFile(long, "w", 4000, 1, "PCM_U8") as file:
        for _ in range(60):
            file.write(np.zeros(4000 * 420))  # 7 hours
    for path, words in (
        (short, "lasts 0.00227 s"),
        (slow, "1000 samples a second"),
        (long, "lasts 7.0 hours"),
        (tmp_path / "gone.wav", "cannot be read as sound"),
        (tmp_path, "cannot be read as sound"),
    ):
        with pytest.raises(LatentError, match=words):
            encode_file(library, "choir-wave", path)
