"""Sticks that mean harm, or were filled by somebody who did not know: each is told no, in words."""

import io
import os
import stat
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from appliance.errors import DeviceError
from appliance.imports.queue import ImportQueue
from appliance.panel.usb.bring import Outcome, bring
from appliance.panel.usb.luggage import copy_item
from appliance.panel.usb.mount import SYSTEMS, mount_options
from appliance.panel.usb.survey import MAX_ENTRIES, Survey, survey
from appliance.panel.usb.visit import VisitReport
from appliance.presets.shelf import Shelf
from tests.panel.usb.sticks import bank, latents, put, text


def insert(stick: Path, folder: Path) -> Outcome:
    folder.mkdir(exist_ok=True)
    report = VisitReport(folder.with_name("run"))
    try:
        return bring(stick, folder, report, ImportQueue(folder / "imports", folder / "models"))
    finally:
        report.close()


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def linked(name: str, target: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        information = zipfile.ZipInfo(name)
        information.create_system = 3
        information.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(information, target)
    return out.getvalue()


GOOD = ("01.yaml", text("Good"))
BANKS = {
    "slip": (zipped(GOOD, ("../../evil.yaml", b"x")), "leads out of the archive"),
    "absolute": (zipped(GOOD, ("/etc/passwd", b"x")), "leads out of the archive|neither a preset"),
    "backslash": (zipped(GOOD, ("latents\\..\\evil.npy", b"x")), "neither a preset"),
    "link": (linked("01.yaml", "/etc/shadow"), "is a link"),
    "bomb": (zipped(GOOD, ("samples/bomb.wav", b"\0" * (130 << 20))), "larger than"),
    "yaml bomb": (zipped(("01.yaml", b"a: " + b"\0" * (1 << 20))), "larger than"),
    "many": (
        zipped(GOOD, *((f"latents/{n}.npy", b"") for n in range(50_000))),
        "the most is 1000",
    ),
    "twice": (zipped(("01.yaml", text("A")), ("01-b.yaml", text("B"))), "slot 1 twice"),
    "cut": (bank({1: text("A")})[:-30], "not a whole file|not a whole zip"),
    "none": (zipped(("readme.txt", b"hello")), "holds no presets"),
    "wrong preset": (zipped(("01.yaml", b"name: [")), "01.yaml, line"),
    "odd letters": (zipped(GOOD, ("latents/\u202egnp.npy", b"x")), "neither a preset"),
    "no text": (b"PK\x03\x04" + os.urandom(3000), "not a whole file"),
}


@pytest.mark.parametrize("name", BANKS)
def test_a_hostile_bank_is_refused_and_changes_nothing(name: str, tmp_path: Path) -> None:
    data, words = BANKS[name]
    box = tmp_path / "data"
    Shelf(box / "presets" / "bank").create({2: text("Mine")})
    before = {f: f.read_bytes() for f in (box / "presets").rglob("*") if f.is_file()}
    put(tmp_path / "stick", "banks/evil.zip", data)
    outcome = insert(tmp_path / "stick", box)
    [sentence] = outcome.refused
    assert any(word in sentence for word in words.split("|")), sentence
    assert {f: f.read_bytes() for f in (box / "presets").rglob("*") if f.is_file()} == before
    assert not (box / "samples").exists()
    assert not list(tmp_path.rglob("evil.yaml"))


def big(stick: Path) -> None:
    with put(stick, "samples/big.wav", b"x").open("r+b") as file:
        file.truncate(3 << 30)


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda s: put(s, "presets/empty.yaml", b""), "is empty"),
    "hidden text": (lambda s: put(s, "presets/a.yaml", b"\0\1\2"), "a.yaml, line 1"),
    "not finite": (
        lambda s: put(s, "latents/a.npy", _array(np.full((8, 4), np.nan))),
        "must be numbers",
    ),
    "pickled": (
        lambda s: put(s, "latents/a.npy", _array(np.array([{}]))),
        "no NumPy array|float32",
    ),
    "huge shape": (lambda s: put(s, "latents/a.npy", _lying()), "5000000000 points"),
    "no sound": (lambda s: put(s, "samples/a.wav", b"RIFF....WAVE"), "no audio file"),
    "no model": (lambda s: put(s, "models/a.ts", zipped(GOOD)), "no TorchScript file"),
    "foreign": (lambda s: put(s, "samples/a.exe", b"MZ"), "does not end in .wav"),
    "stray": (lambda s: put(s, "holiday.jpg", b"x"), "belongs into one of the folders"),
    "long name": (lambda s: put(s, f"samples/{'n' * 240}.wav", b"x"), "has 252 characters"),
    "deep": (lambda s: put(s, "samples/a/b/c/d/e.wav", b"x"), "folders deep"),
    "right to left": (lambda s: put(s, "samples/\u202evaw.wav", b"x"), "not every disk takes"),
    "trailing dot": (lambda s: put(s, "samples/x./a.wav", b"x"), "ends with a dot"),
    "big": (big, "has 3072 MB"),
    "file home": (lambda s: (s.mkdir(), (s / "neural-synth").write_bytes(b"x")), "is no folder"),
    "config bomb": (lambda s: put(s, "config.yaml", b"a: &a [*a,*a]\n"), "config.yaml"),
}


def _array(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def _lying() -> bytes:
    data = latents()
    return data.replace(b"(8, 50)", b"(8, 5000000000)".ljust(7))[: len(data)]


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_not_what_it_must_be_is_refused(name: str, tmp_path: Path) -> None:
    make, words = FILES[name]
    make(tmp_path / "stick")
    outcome = insert(tmp_path / "stick", tmp_path / "data")
    assert len(outcome.refused) == 1, outcome.refused
    assert any(word in outcome.refused[0] for word in words.split("|")), outcome.refused
    assert outcome.taken == []


def test_links_and_pipes_are_neither_followed_nor_waited_for(tmp_path: Path) -> None:
    stick, secret = tmp_path / "stick", tmp_path / "secret.yaml"
    secret.write_bytes(text("Secret"))
    put(stick, "presets/01.yaml", text("Good"))
    (stick / "neural-synth/presets/02.yaml").symlink_to(secret)
    (stick / "neural-synth/samples").symlink_to("/etc")
    os.mkfifo(stick / "neural-synth/presets/03.yaml")
    began = time.monotonic()
    outcome = insert(stick, tmp_path / "data")
    assert time.monotonic() - began < 20
    assert len(outcome.refused) == 3
    assert sum("is a link" in line for line in outcome.refused) == 2
    assert sum("is no plain file" in line for line in outcome.refused) == 1
    shelf = Shelf(tmp_path / "data/presets/bank")
    assert 1 in shelf.files()
    assert all(b"Secret" not in file.read_bytes() for file in shelf.files().values())


def test_a_file_that_turns_into_a_link_or_grows_behind_our_back_is_refused(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    put(stick, "presets/01.yaml", text("Good"))
    put(stick, "presets/02.yaml", text("Good too"))
    found: Survey = survey(stick)
    link = stick / "neural-synth/presets/01.yaml"
    link.unlink()
    link.symlink_to("/etc/passwd")
    with (stick / "neural-synth/presets/02.yaml").open("ab") as file:
        file.write(b"# more\n")
    with pytest.raises(DeviceError, match="cannot be read"):
        copy_item(found.items[0], found.home, tmp_path / "copy", lambda _: None)
    with pytest.raises(ValueError, match="changed while it was read"):
        copy_item(found.items[1], found.home, tmp_path / "copy", lambda _: None)
    assert [f for f in (tmp_path / "copy").rglob("*") if f.is_file()] == []


def test_far_too_many_files_are_sent_away(tmp_path: Path) -> None:
    home = tmp_path / "stick/neural-synth/samples"
    home.mkdir(parents=True)
    first = home / "0.wav"
    first.write_bytes(b"x")
    for number in range(1, MAX_ENTRIES + 2):
        os.link(first, home / f"{number}.wav")
    with pytest.raises(DeviceError, match="more than 5000 files"):
        insert(tmp_path / "stick", tmp_path / "data")


def test_many_refusals_are_counted_not_listed(tmp_path: Path) -> None:
    for number in range(200):
        put(tmp_path / "stick", f"presets/{number}.txt", b"x")
    outcome = insert(tmp_path / "stick", tmp_path / "data")
    assert len(outcome.refused) == 51
    assert outcome.refused[-1] == "150 more files were refused."


def test_strangers_file_systems_are_mounted_without_trust() -> None:
    for system in SYSTEMS:
        options = mount_options(system, 990, 980).split(",")
        assert {"ro", "nosuid", "nodev", "noexec"} <= set(options)
        assert "errors=continue" in options
    assert "noload" in mount_options("ext4", 990, 980).split(",")
    assert "uid=990" in mount_options("vfat", 990, 980)
