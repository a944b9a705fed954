"""Checks a TorchScript archive before torch opens it: what is wrong there ends in a crash."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import cast

from appliance.errors import ModelError

_BYTES = {
    "Double": 8, "Float": 4, "Half": 2, "BFloat16": 2, "Long": 8, "Int": 4, "Short": 2, "Char": 1,
    "Byte": 1, "Bool": 1, "ComplexFloat": 8, "ComplexDouble": 16,
}  # fmt: skip
"""Bytes of one element of each class of storage."""


def check_archive(path: Path) -> None:
    """Raise ModelError unless `path` is an archive whose every tensor has all of its bytes."""
    if not path.is_file():
        raise ModelError(f"{path} is not there. Give the path of a TorchScript file (.ts).")
    if not zipfile.is_zipfile(path):
        raise ModelError(
            f"{path} is not a TorchScript file: it is not a zip archive or its end is missing. "
            "Export the model with nn~ support (.ts), or copy it again."
        )
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            damaged = archive.testzip()  # torch reads past wrong checksums, even into a crash
    except Exception as error:  # a damaged directory fails in more ways than zipfile lists
        raise ModelError(
            f"{path} is a damaged archive ({first_line(error)}). Copy it again."
        ) from error
    if damaged is not None:
        raise ModelError(
            f"{path} is a damaged archive (the checksum of '{damaged}' is wrong). Copy it again."
        )
    if not any("/code/" in name for name in names):
        kind = "a checkpoint" if any(name.endswith("data.pkl") for name in names) else "a zip"
        raise ModelError(
            f"{path} is {kind} without TorchScript code. Export the model for nn~ first "
            "(RAVE: 'rave export --streaming')."
        )
    _check_tensors(path)


def _check_tensors(path: Path) -> None:
    """Compare what the pickles say of each tensor's storage with the bytes that are there."""
    with zipfile.ZipFile(path) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
        for name in sizes:
            folder, _, file = name.rpartition("/")
            if file not in ("data.pkl", "constants.pkl"):
                continue
            home = f"{folder}/{file.removesuffix('.pkl')}/"
            for key, wanted in _storages(archive.read(name), path).items():
                there = sizes.get(home + key)
                if there is not None and there < wanted:
                    raise ModelError(
                        f"{path} is a damaged archive ('{home + key}' has {there} bytes, its "
                        f"tensor needs {wanted}). Copy it again."
                    )


def _storages(content: bytes, path: Path) -> dict[str, int]:
    """Return the bytes that each storage must have, by its key, without making anything."""
    reader = _Reader(io.BytesIO(content))
    try:
        reader.load()
    except Exception as error:
        raise ModelError(
            f"{path} is a damaged archive (its list of tensors cannot be read: "
            f"{first_line(error)}). Copy it again."
        ) from error
    return reader.storages


class _Anything:
    """Stands for every object of a file: takes whatever it is given and does nothing."""

    def __init__(self, *_: object, **__: object) -> None:
        """Ignore all of it."""

    def __call__(self, *_: object, **__: object) -> "_Anything":
        return self

    def __setstate__(self, state: object) -> None:
        """Ignore it."""

    def __setitem__(self, key: object, value: object) -> None:
        """Ignore it."""

    def append(self, item: object) -> None:
        """Ignore it."""

    def extend(self, items: object) -> None:
        """Ignore them."""


class _Reader(pickle.Unpickler):
    """Reads a pickle for its storages alone: no class of it is looked up or called."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.storages: dict[str, int] = {}

    def find_class(self, _module_name: str, global_name: str, /) -> type:
        """Return a stand-in; a storage's class keeps its name."""
        return type(global_name, (_Anything,), {})

    def persistent_load(self, pid: object, /) -> object:
        """Note a storage: ("storage", class, key, device, elements)."""
        _, kind, key, _, elements = cast("tuple[str, type, str, str, int]", pid)
        size = _BYTES.get(kind.__name__.removesuffix("Storage"), 1)
        self.storages[key] = size * elements
        return _Anything()


def first_line(error: BaseException) -> str:
    """Return the first line that an error says, without its full stop."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0][:160].rstrip(".")
