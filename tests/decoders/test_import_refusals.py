"""Importing is complete or not at all, with a sentence for each file or disk that refuses."""

import errno
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from appliance.decoders import importer
from appliance.decoders.importer import import_model
from appliance.decoders.library import Library
from appliance.errors import ModelError
from tests.decoders.conftest import Rave
from tests.decoders.imports import SMALL, contents, latents, play, refusal
from tests.decoders.small_models import Deaf, Strange, Tone, save


@pytest.mark.parametrize("name", ["", ".hidden", "../outside", "a/b", "a b", "/tmp/x", "..", "a."])
def test_names_that_are_no_names(name: str, folder: Path, tmp_path: Path) -> None:
    sentence = refusal(save(Tone(), tmp_path / "tone.ts"), folder, name=name)
    assert sentence == (
        f"A model cannot be called '{name}'. Use letters, digits and the signs . _ + -, "
        "with neither . nor - at an end."
    )


# What becomes of a bad file


@pytest.mark.parametrize(
    ("fault", "start", "words"),
    [
        ("raises", 0, "fails to decode one frame (builtins.ValueError: no sound today). "
         "Export the model again with the version of torch it was trained with."),
        ("raises", 2, "fails to decode one frame (builtins.ValueError: no sound today). "
         "Export the model again with the version of torch it was trained with."),
        ("short", 0, "gives (1, 1, 63) for one frame where its decode_params promise (1, 1, 64) "
         "samples. Export the model again."),
        ("flat", 0, "gives (1, 64) for one frame where its decode_params promise (1, 1, 64) "
         "samples. Export the model again."),
        ("batch", 0, "gives (2, 1, 64) for one frame where its decode_params promise (1, 1, 64) "
         "samples. Export the model again."),
        ("integer", 0, "gives torch.int64 numbers for one frame where audio is needed. "
         "Export the model again."),
        ("nan", 0, "gives NaN or infinite samples. Export an earlier checkpoint."),
        ("infinite", 0, "gives NaN or infinite samples. Export an earlier checkpoint."),
        ("nan", 30, "gives NaN or infinite samples. Export an earlier checkpoint."),
    ],
)  # fmt: skip
def test_a_decode_that_cannot_be_used(
    fault: str, start: int, words: str, folder: Path, tmp_path: Path
) -> None:
    source = save(Strange(fault, start), tmp_path / "strange.ts")
    assert refusal(source, folder) == f"{source} {words}"
    assert not folder.exists() or not contents(folder)


@pytest.mark.parametrize("fault", ["raises", "short"])
def test_a_decode_that_fails_later(fault: str, folder: Path, tmp_path: Path) -> None:
    source = save(Strange(fault, 30), tmp_path / "strange.ts")
    assert refusal(source, folder).startswith(f"{source} fails after some frames (")


def test_files_that_do_not_open_leave_nothing(folder: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "epoch.ckpt"
    torch.save(Tone().state_dict(), checkpoint)
    cut = save(Tone(), tmp_path / "cut.ts")
    cut.write_bytes(cut.read_bytes()[:-10])
    deaf = save(Deaf(), tmp_path / "deaf.ts")
    for source in (tmp_path / "none.ts", checkpoint, cut, deaf):
        assert refusal(source, folder).startswith(f"{source} ")
    assert not folder.exists()


# What becomes of a disk that refuses


def refusing(operation: Callable[..., Any], *, after: int) -> Callable[..., Any]:
    """Return `operation`, failing for want of space from the call `after` on, but not undoing."""
    calls = [0]

    def run(*given: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] == after + 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return operation(*given, **named)

    return run


def no_space(folder: Path) -> str:
    return (
        f"The model cannot be stored in {folder} (No space left on device). "
        "Free some space or choose another folder with $NEURAL_SYNTH_MODELS."
    )


@pytest.mark.parametrize(
    ("operation", "after"),
    [("replace", 0), ("replace", 1), ("fsync", 0), ("fsync", 1), ("mkdir", 1)],
)
def test_a_full_disk_keeps_the_old_model(
    operation: str, after: int, rave: Rave, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_model(rave(**SMALL), folder, name="bell")
    new = rave(**SMALL, seed=1)
    monkeypatch.setattr(os, operation, refusing(getattr(os, operation), after=after))
    assert refusal(new, folder, name="bell") == no_space(folder)
    monkeypatch.undo()
    assert np.isfinite(play(Library([folder]).open("bell", [0]), latents(2, 1))).all()


@pytest.mark.parametrize(("operation", "after"), [("replace", 0), ("fsync", 1), ("mkdir", 1)])
def test_a_full_disk_keeps_no_half_model(
    operation: str, after: int, rave: Rave, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    new = rave(**SMALL)
    monkeypatch.setattr(os, operation, refusing(getattr(os, operation), after=after))
    assert refusal(new, folder, name="bell") == no_space(folder)
    assert not contents(folder)


@pytest.mark.parametrize("family", ["rave", "unknown"])
def test_a_disk_that_fills_up_while_writing(
    family: str, rave: Rave, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = rave(**SMALL) if family == "rave" else save(Tone(), tmp_path / "tone.ts")
    folder.mkdir()
    target = (Path, "write_bytes") if family == "rave" else (importer.shutil, "copyfile")
    monkeypatch.setattr(*target, refusing(getattr(*target), after=0))
    assert refusal(source, folder) == no_space(folder)
    assert not contents(folder)


def test_a_folder_that_cannot_be_made(rave: Rave, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    folder = tmp_path / "file" / "models"
    with pytest.raises(ModelError, match=re.escape(f"cannot be stored in {folder} (Not a dir")):
        import_model(rave(**SMALL), folder)
