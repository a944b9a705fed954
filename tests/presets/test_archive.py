"""A bank as one zip: whole there and back, and nothing that a stranger's zip says is believed."""

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.errors import PresetError
from appliance.parameters import Table, Values
from appliance.presets import archive as archive_module
from appliance.presets.archive import export_bank, import_bank
from appliance.presets.bank import Bank
from appliance.presets.preset import Preset

TABLE = Table(4)
PRESET = b"name: A\n"


def empty() -> Bank:
    return Bank(TABLE, Values(TABLE).array)


def filled() -> Bank:
    bank = empty()
    for slot in (1, 9, 64):
        files = {"/jam/1/file": "latents/breath.npy"} if slot == 9 else {}
        preset = Preset(name=f"P{slot}", parameters={"/offset/1/value": 0.5}, files=files)
        bank.put(slot, bank.entry(preset))
    return bank


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home/latents").mkdir(parents=True)
    (tmp_path / "home/latents/breath.npy").write_bytes(b"breath" * 1000)
    return tmp_path / "home"


def test_there_and_back(tmp_path: Path, home: Path) -> None:
    target = tmp_path / "bank.zip"
    assert export_bank(filled(), target, [home]) == []
    first = target.read_bytes()
    export_bank(filled(), target, [home])
    assert target.read_bytes() == first
    entries = import_bank(target, empty(), tmp_path / "other")
    bank = filled()
    assert {slot: entry.data for slot, entry in entries.items()} == {
        slot: bank[slot].data for slot in bank
    }
    file = tmp_path / "other/latents/breath.npy"
    assert file.read_bytes() == b"breath" * 1000
    assert not [f for f in (tmp_path / "other").rglob("*") if f.name.endswith(".new")]


def test_a_missing_file_is_said_and_the_rest_exported(tmp_path: Path) -> None:
    (sentence,) = export_bank(filled(), tmp_path / "bank.zip", [tmp_path])
    assert "latents/breath.npy" in sentence
    assert len(import_bank(tmp_path / "bank.zip", empty(), tmp_path)) == 3


def test_another_file_of_that_name_is_kept(tmp_path: Path, home: Path) -> None:
    export_bank(filled(), tmp_path / "bank.zip", [home])
    other = tmp_path / "other"
    (other / "latents").mkdir(parents=True)
    (other / "latents/breath.npy").write_bytes(b"mine")
    for _ in range(2):  # the second time it is there already
        entries = import_bank(tmp_path / "bank.zip", empty(), other)
        assert entries[9].preset.files == {"/jam/1/file": "latents/breath-2.npy"}
        assert b"breath-2.npy" in entries[9].data
    assert (other / "latents/breath.npy").read_bytes() == b"mine"
    assert len(list((other / "latents").iterdir())) == 2


def test_a_zip_made_by_hand(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "hand.zip", "w") as archive:
        archive.writestr("My bank/", b"")
        archive.writestr("My bank/07-slow bells.yaml", PRESET)
        archive.writestr("My bank/latents/a.npy", b"x")
        archive.writestr("My bank/.DS_Store", b"junk")
        archive.writestr("__MACOSX/My bank/._07.yaml", b"junk")
    assert list(import_bank(tmp_path / "hand.zip", empty(), tmp_path / "home")) == [7]
    assert (tmp_path / "home/latents/a.npy").exists()


def test_filled_slots_are_not_overwritten_unasked(tmp_path: Path, home: Path) -> None:
    export_bank(filled(), tmp_path / "bank.zip", [home])
    with pytest.raises(PresetError, match="Slot 9, 64 is filled"):
        import_bank(tmp_path / "bank.zip", empty(), tmp_path / "x", occupied={9, 64})
    assert not (tmp_path / "x").exists()


def link(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("latents/link.npy")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, "/etc/passwd")


def twice(archive: zipfile.ZipFile) -> None:
    archive.writestr("01.yaml", PRESET)
    archive.writestr("01-again.yaml", PRESET)


def many(archive: zipfile.ZipFile) -> None:
    for number in range(1001):
        archive.writestr(f"latents/{number}.npy", b"")


def bomb(archive: zipfile.ZipFile) -> None:
    archive.writestr("latents/bomb.npy", bytes(3 << 20), zipfile.ZIP_DEFLATED)


HOSTILE: dict[str, tuple[Callable[[zipfile.ZipFile], object], str]] = {
    "slip": (lambda a: a.writestr("../01.yaml", PRESET), "leads out"),
    "deep slip": (lambda a: a.writestr("latents/../../x.npy", PRESET), "leads out"),
    "absolute": (lambda a: a.writestr("/etc/01.yaml", PRESET), "leads out"),
    "backslash": (lambda a: a.writestr("latents/..\\x.npy", PRESET), "neither a preset"),
    "stranger": (lambda a: a.writestr("run.sh", b"#!"), "neither a preset"),
    "hidden": (lambda a: a.writestr("latents/.x", b""), "neither a preset"),
    "link": (link, "is a link"),
    "twice": (twice, "slot 1 twice"),
    "many": (many, "1002 files"),
    "bomb": (bomb, "larger than 1048576 bytes"),
    "nothing": (lambda a: a.writestr("latents/x.npy", b""), "no presets"),
    "bad preset": (lambda a: a.writestr("09.yaml", b"name: [\n"), "09.yaml, line"),
    "bad value": (
        lambda a: a.writestr("09.yaml", b"name: A\nparameters: {/offset/1/value: 7}\n"),
        "/offset/1/value cannot be 7",
    ),
    "huge preset": (lambda a: a.writestr("09.yaml", b"#" * 300_000), "larger than 262144 bytes"),
    "odd packing": (lambda a: a.writestr("09.yaml", PRESET, zipfile.ZIP_LZMA), "packed in a way"),
}


@pytest.mark.parametrize(("make", "words"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_zip_is_refused_whole(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[zipfile.ZipFile], object],
    words: str,
) -> None:
    monkeypatch.setattr(archive_module, "MAX_FILE", 1 << 20)
    source = tmp_path / "bank.zip"
    with zipfile.ZipFile(source, "w") as archive:
        if words not in ("no presets", "leads out"):
            archive.writestr("02.yaml", PRESET)
        make(archive)
    with pytest.raises(PresetError, match=words):
        import_bank(source, empty(), tmp_path / "home")
    assert not (tmp_path / "home").exists()
    assert sorted(f.name for f in tmp_path.iterdir()) == ["bank.zip"]


def test_a_size_that_lies_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MAX_FILE", 1 << 20)
    source = tmp_path / "bank.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("02.yaml", PRESET)
        bomb(archive)
    data = source.read_bytes()
    size = (3 << 20).to_bytes(4, "little")
    assert data.count(size) == 2
    source.write_bytes(data.replace(size, (99).to_bytes(4, "little")))
    with pytest.raises(PresetError):
        import_bank(source, empty(), tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_damaged_zips_are_one_sentence(tmp_path: Path, home: Path) -> None:
    source = tmp_path / "bank.zip"
    export_bank(filled(), source, [home])
    whole = source.read_bytes()
    refused = 0
    for at in range(0, len(whole), 7):
        source.write_bytes(whole[:at] + bytes([whole[at] ^ 0x5A]) + whole[at + 1 :])
        try:
            import_bank(source, empty(), tmp_path / "other")
        except PresetError:
            refused += 1
        source.write_bytes(whole[:at])
        with pytest.raises(PresetError):
            import_bank(source, empty(), tmp_path / "other")
    assert refused > len(whole) // 7 // 2
    for content in (b"", b"no zip", b"PK\5\6" + bytes(18)):
        source.write_bytes(content)
        with pytest.raises(PresetError, match=r"bank\.zip"):
            import_bank(source, empty(), tmp_path / "other")
    with pytest.raises(PresetError, match=r"gone\.zip"):
        import_bank(tmp_path / "gone.zip", empty(), tmp_path / "other")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match="cannot be written"):
        export_bank(filled(), tmp_path / "nowhere/bank.zip", [])
