"""What comes in from outside: right files whole, wrong ones not at all, each in its folder."""

import io
import os
import random
import string
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest

from appliance.errors import IntakeError
from appliance.panel import intake as intake_module
from appliance.panel import kinds as kinds_module
from appliance.panel.intake import INCOMING, Intake, checked_name
from appliance.panel.kinds import KINDS

PRESET = b"format: 1\nname: Bells\nparameters: {/offset/1/value: 0.5}\n"


def sound(frames: int = 100) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(2)
        writer.setframerate(44100)
        writer.writeframes(bytes(4 * frames))
    return file.getvalue()


def latents(array: np.ndarray | None = None) -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros((8, 20), np.float32) if array is None else array)
    return file.getvalue()


def archive(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name in names:
            packed.writestr(name, b"x")
    return file.getvalue()


GOOD = {
    "preset": ("bells.yaml", PRESET, "Bells, 1 settings"),
    "bank": ("bank.zip", archive("01.yaml", "02.yaml"), "2 presets"),
    "model": ("voice.ts", archive("voice/constants.pkl", "voice/data.pkl"), "TorchScript"),
    "sample": ("voice.wav", sound(44100), "1.0 s, 44100 Hz, 2 channels"),
    "latents": ("breath.npy", latents(), "20 points"),
}


@pytest.fixture
def intake(tmp_path: Path) -> Intake:
    (tmp_path / "outside").mkdir()
    return Intake(tmp_path / "player")


def send(intake: Intake, kind: str, name: str, data: bytes, *, replace: bool = False) -> Path:
    arrival = intake.begin(kind, name, len(data))
    try:
        for start in range(0, len(data), 1000):
            arrival.write(data[start : start + 1000])
        arrival.check()
        return arrival.keep(replace=replace)
    finally:
        arrival.close()


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_file_is_described(intake: Intake, kind: str) -> None:
    name, data, description = GOOD[kind]
    arrival = intake.begin(kind, name, len(data))
    arrival.write(data)
    assert description in arrival.check()
    arrival.close()
    assert files(intake.folder) == []


def test_a_kept_file_is_listed_found_replaced_and_removed(intake: Intake) -> None:
    place = send(intake, "sample", "vóice.wav", sound())
    assert place == intake.folder / "samples" / "vóice.wav"
    assert place.read_bytes() == sound()
    assert [(f.name, f.size) for f in intake.files("sample")] == [("vóice.wav", len(sound()))]
    with pytest.raises(IntakeError, match="Replace it"):
        send(intake, "sample", "vóice.wav", sound(7))
    assert place.read_bytes() == sound()
    send(intake, "sample", "vóice.wav", sound(7), replace=True)
    assert intake.find("sample", "vóice.wav").read_bytes() == sound(7)
    intake.remove("sample", "vóice.wav")
    assert files(intake.folder) == []
    with pytest.raises(IntakeError, match="no sample"):
        intake.find("sample", "vóice.wav")


@pytest.mark.parametrize("kind", KINDS)
def test_every_damaged_file_is_refused_in_one_sentence(intake: Intake, kind: str) -> None:
    name, data, _ = GOOD[kind]
    wrong = [b"", b"\0" * 500, os.urandom(3000)]
    if kind != "sample":  # one that was cut off plays as far as it goes
        wrong.append(data[: len(data) // 3])
    wrong += [other for key, (_, other, _) in GOOD.items() if key != kind]
    if kind in ("bank", "model"):
        wrong = [each for each in wrong if not each.startswith(b"PK")]
        wrong.append(archive("readme.txt"))
    if kind == "latents":
        wrong += [latents(np.zeros((9, 3), np.float32)), latents(np.zeros((8, 1), np.float32))]
        wrong += [latents(np.full((8, 3), np.nan, np.float32)), latents(np.array([{}], object))]
    for each in wrong:
        with pytest.raises(IntakeError) as refusal:
            send(intake, kind, name, each)
        assert "\n" not in str(refusal.value)
    assert files(intake.folder) == []


def test_what_is_too_large_is_refused_before_and_while_it_comes(intake: Intake) -> None:
    with pytest.raises(IntakeError, match="larger"):
        intake.begin("preset", "a.yaml", 10 << 20)
    arrival = intake.begin("preset", "a.yaml")
    with pytest.raises(IntakeError, match="larger"):
        for _ in range(1000):
            arrival.write(bytes(1000))
    arrival.close()
    assert files(intake.folder) == []


def test_a_full_disk_refuses(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "SPARE", 1 << 60)
    with pytest.raises(IntakeError, match="Remove"):
        intake.begin("sample", "a.wav", 10)


def test_links_are_not_followed(intake: Intake) -> None:
    outside = intake.folder.parent / "outside"
    (outside / "secret.wav").write_bytes(b"secret")
    intake.folder.mkdir()
    (intake.folder / "samples").symlink_to(outside)
    for act in (intake.find, intake.remove):
        with pytest.raises(IntakeError, match="link"):
            act("sample", "secret.wav")
    with pytest.raises(IntakeError, match="link"):
        send(intake, "sample", "new.wav", sound(), replace=True)
    (intake.folder / "samples").unlink()
    (intake.folder / "samples").mkdir()
    (intake.folder / "samples" / "a.wav").symlink_to(outside / "secret.wav")
    with pytest.raises(IntakeError):
        intake.find("sample", "a.wav")
    assert intake.files("sample") == []
    send(intake, "sample", "a.wav", sound(), replace=True)
    assert (outside / "secret.wav").read_bytes() == b"secret"
    (intake.folder / INCOMING).rmdir()
    (intake.folder / INCOMING).symlink_to(outside)
    with pytest.raises(IntakeError, match="link"):
        intake.begin("sample", "b.wav")
    assert files(outside) == ["secret.wav"]


def test_two_thousand_hostile_names_and_contents(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is sent, what is kept is checked, well named and lies in its folder."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    chance = random.Random(7)  # noqa: S311
    bits = ["..", "/", "\\", "\0", "~", ".", " ", "C:", "%2e", "con", "\u202e", "\ud800", "é", "\n"]
    bits += ["/etc/passwd", "\u2215", "\uff0e\uff0e", "$(id)", "a" * 300, *string.ascii_letters]
    kept: set[str] = set()
    for number in range(2000):
        kind = chance.choice([*KINDS, "root", "../x"])
        stem = "".join(chance.choice(bits) for _ in range(chance.randrange(5)))
        suffix = chance.choice(KINDS[kind].suffixes if kind in KINDS else ("",))
        name = stem + chance.choice([suffix, suffix.upper(), "", ".py", suffix + "/"])
        data = bytearray(chance.choice([d for _, d, _ in GOOD.values()]))
        for _ in range(chance.randrange(4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if number % 7 == 0:
            del data[chance.randrange(len(data)) :]
        try:
            place = send(intake, kind, name, bytes(data), replace=True)
        except IntakeError as refusal:
            assert "\n" not in str(refusal) and "\0" not in str(refusal)
            continue
        assert place.parent in (intake.folder / "samples", intake.folder / "latents")
        assert place.name.isprintable() and place.read_bytes() == data
        assert checked_name(KINDS[kind], place.name) == place.name
        kept.add(str(place.relative_to(intake.folder)))
    assert len(kept) > 20
    assert files(intake.folder.parent) == sorted(f"player/{name}" for name in kept)


def test_what_nobody_finished_is_cleared_after_a_while(intake: Intake) -> None:
    begun = intake.begin("sample", "a.wav")
    Intake(intake.folder)
    assert begun.path.exists()
    os.utime(begun.path, (1, 1))
    Intake(intake.folder)
    assert not begun.path.exists()
    begun.close()


def test_a_bomb_of_names_is_no_archive(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds_module, "_MEMBERS", 10)
    with pytest.raises(IntakeError, match="not a whole file"):
        send(intake, "bank", "a.zip", archive(*(f"{n}.yaml" for n in range(11))))
