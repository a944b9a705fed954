"""A bank as one zip: `01.yaml` to `64.yaml` and, in `latents/` and `samples/`, what they play from.

An archive comes from anywhere, so nothing it says is believed: names are checked, sizes counted
while reading, links and what is no preset refused; and nothing is written before all of it is read.
"""

import contextlib
import os
import stat
import zipfile
import zlib
from collections.abc import Container, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import msgspec

from appliance.errors import PresetError
from appliance.presets.bank import Bank, Entry, spans
from appliance.presets.file_name import FOLDERS, check_file, find_file
from appliance.presets.shelf import slot_of
from appliance.storage import UNFINISHED, make_folder, sync_folder
from appliance.yaml_file import MAX_BYTES, legible

MAX_ENTRIES = 1000
MAX_FILE = 128 << 20
MAX_TOTAL = 512 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same bank gives the same archive
_CHUNK = 1 << 18
_JUNK = ("__MACOSX/", ".DS_Store", "Thumbs.db")
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    MemoryError,
)


def export_bank(bank: Bank, target: Path, folders: Iterable[Path]) -> list[str]:
    """Write `bank` to the zip `target`, with the files its presets play from, found in `folders`.

    Returns a sentence for each of those that is missing. Raises PresetError if it cannot be
    written; what was there then still is.
    """
    missing: list[str] = []
    unfinished = target.with_name(f".{target.name}{UNFINISHED}")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
            for slot in bank:
                archive.writestr(_information(f"{slot:02}.yaml"), bank[slot].data)
            looked = list(folders)
            for name in sorted({n for slot in bank for n in bank[slot].preset.files.values()}):
                try:
                    file = find_file(name, looked)
                except PresetError as error:
                    missing.append(str(error))
                    continue
                with file.open("rb") as source, archive.open(_information(name), "w") as entry:
                    while chunk := source.read(_CHUNK):
                        entry.write(chunk)
        _settle(unfinished, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise PresetError(
            f"{target} cannot be written: {error.strerror or error}. Choose another place, or free "
            "some space."
        ) from error
    return missing


def import_bank(
    source: Path, bank: Bank, folder: Path, *, occupied: Container[int] = ()
) -> dict[int, Entry]:
    """Return the slots in the zip `source`; the files they play from go into `folder`.

    A file whose name is taken by another gets a new name, which its presets then use. Raises
    PresetError naming what is wrong, or the slots that are `occupied`; then nothing was written.
    """
    with _opened(source) as archive:
        members = _members(archive, source)
        slots: dict[int, Entry] = {}
        for name, member in members.items():
            slot = slot_of(Path(name))
            if slot is not None:
                if slot in slots:
                    raise PresetError(f"{source} holds slot {slot} twice. Remove one of them.")
                data = b"".join(_chunks(archive, member, MAX_BYTES, source))
                slots[slot] = bank.read(data, source=f"{source}, {name}")
        if not slots:
            raise PresetError(f"{source} holds no presets, which are called 01.yaml to 64.yaml.")
        taken = spans([slot for slot in sorted(slots) if slot in occupied])
        if taken:
            raise PresetError(f"Slot {taken} is filled. Say that it may be overwritten.")
        files = {name: member for name, member in members.items() if slot_of(Path(name)) is None}
        for member in files.values():
            for _ in _chunks(archive, member, MAX_FILE, source):
                pass  # whole and not too large, before anything is written
        renamed = {
            name: _place(archive, member, folder, name, source) for name, member in files.items()
        }
    return {slot: _renamed(bank, entry, renamed) for slot, entry in slots.items()}


@contextmanager
def _opened(source: Path) -> Generator[zipfile.ZipFile]:
    """Open a zip; whatever is wrong with it becomes one sentence."""
    try:
        if source.stat().st_size > MAX_TOTAL:
            raise PresetError(
                f"{source} is larger than {MAX_TOTAL >> 20} MB, the most there may be."
            )
        with zipfile.ZipFile(source) as archive:
            yield archive
    except PresetError:
        raise
    except _DAMAGE as error:
        raise PresetError(
            f"{source} is not a whole zip ({legible(str(error))}). Export the bank again."
        ) from error
    except OSError as error:
        raise PresetError(f"{source} cannot be imported: {error.strerror or error}.") from error


def _members(archive: zipfile.ZipFile, source: Path) -> dict[str, zipfile.ZipInfo]:
    """Return what is to be read, by its checked name; one folder around all of it is taken off."""
    infos = [i for i in archive.infolist() if not i.is_dir() and not _is_junk(i.filename)]
    if len(infos) > MAX_ENTRIES:
        raise PresetError(f"{source} holds {len(infos)} files; the most is {MAX_ENTRIES}.")
    tops = {PurePosixPath(info.filename).parts[:1] for info in infos}
    inside = len(tops) == 1 and all("/" in i.filename for i in infos) and not tops & _tops()
    members: dict[str, zipfile.ZipInfo] = {}
    total = 0
    for info in infos:
        name = info.filename.partition("/")[2] if inside else info.filename
        wrong = _refusal(info, name)
        if wrong is None and name in members:
            wrong = "is there twice"
        if wrong is not None:
            raise PresetError(f"{source}: '{legible(info.filename)}' {wrong}. Export it again.")
        members[name] = info
        total += info.file_size
    if total > MAX_TOTAL:
        raise PresetError(f"{source} unpacks to over {MAX_TOTAL >> 20} MB, the most there may be.")
    return members


def _refusal(info: zipfile.ZipInfo, name: str) -> str | None:
    """Return why a member is not taken, or None."""
    is_preset = "/" not in name and slot_of(Path(name)) is not None
    packing = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    rules = (
        (stat.S_ISLNK(info.external_attr >> 16), "is a link, which is not followed"),
        ({"", ".."} & set(info.filename.split("/")), "leads out of the archive"),
        (info.flag_bits & 1, "is encrypted"),
        (info.compress_type not in packing, "is packed in a way that is not used here"),
        (
            not is_preset and check_file("/file", name),
            "is neither a preset, 01.yaml to 64.yaml, nor in latents/ or samples/",
        ),
    )
    return next((sentence for broken, sentence in rules if broken), None)


def _chunks(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int, source: Path
) -> Iterator[bytes]:
    """Yield the content of a member; raises PresetError once it has more than `limit` bytes."""
    count = 0
    with archive.open(member) as opened:
        while chunk := opened.read(_CHUNK):
            count += len(chunk)
            if count > limit:
                raise PresetError(
                    f"{source}: '{legible(member.filename)}' is larger than {limit} bytes, the "
                    "most such a file may hold."
                )
            yield chunk


def _place(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, name: str, source: Path
) -> str:
    """Write a member below `folder`; return the name it got: a free one unless it is there."""
    path = folder / name
    make_folder(path.parent)
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise PresetError(f"{path.parent} leads out of {folder}. Remove the link.")
    unfinished = path.with_name(f".{path.name}{UNFINISHED}")
    with unfinished.open("wb") as file:
        for chunk in _chunks(archive, member, MAX_FILE, source):
            file.write(chunk)
    place, number = path, 1
    while place.exists() and not _equal(place, unfinished):
        number += 1
        place = path.with_name(f"{path.stem}-{number}{path.suffix}")
    _settle(unfinished, place)
    return place.relative_to(folder).as_posix()


def _equal(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as a, other.open("rb") as b:
        while chunk := a.read(_CHUNK):
            if chunk != b.read(_CHUNK):
                return False
    return True


def _settle(unfinished: Path, target: Path) -> None:
    """Put a finished file in its place, and wait for the disk."""
    with unfinished.open("rb+") as file:
        os.fsync(file.fileno())
    unfinished.replace(target)
    sync_folder(target.parent)


def _renamed(bank: Bank, entry: Entry, names: Mapping[str, str]) -> Entry:
    files = {address: names.get(n, n) for address, n in entry.preset.files.items()}
    if files == entry.preset.files:
        return entry
    return bank.entry(msgspec.structs.replace(entry.preset, files=files))


def _information(name: str) -> zipfile.ZipInfo:
    information = zipfile.ZipInfo(name, _EPOCH)
    information.compress_type = zipfile.ZIP_DEFLATED
    information.external_attr = 0o644 << 16
    return information


def _is_junk(name: str) -> bool:
    return name.startswith(_JUNK[0]) or name.rpartition("/")[2] in _JUNK[1:]


def _tops() -> set[tuple[str, ...]]:
    return {(folder,) for folder in FOLDERS}
