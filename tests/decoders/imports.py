"""What the tests of the importer share."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.decoders.importer import import_model
from appliance.errors import ModelError

Array = NDArray[np.float32]

NO_ENCODER = "Has no encoder."  # what an import notes of most files here
SMALL: dict[str, Any] = {"full": 8, "ratios": (2,), "capacity": 2}


def refusal(source: Path, folder: Path, **options: Any) -> str:
    """Return the sentence of a refused import that left `folder` as it was."""
    before = contents(folder)
    with pytest.raises(ModelError) as caught:
        import_model(source, folder, **options)
    assert contents(folder) == before
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def contents(folder: Path) -> dict[str, bytes]:
    files = folder.rglob("*") if folder.is_dir() else []
    return {str(f.relative_to(folder)): f.read_bytes() if f.is_file() else b"" for f in files}


def latents(frames: int, rows: int) -> Array:
    return np.random.default_rng(0).standard_normal((frames, rows, 8)).astype(np.float32)


def play(decoder: Any, z: Array, active: list[bool] | None = None) -> Array:
    heard: list[Array] = []
    for now in z:
        audio = np.full((decoder.rows, decoder.ratio), np.nan, np.float32)
        decoder.decode(now, active or [True] * decoder.rows, audio)
        heard.append(audio)
    return np.array(heard)
