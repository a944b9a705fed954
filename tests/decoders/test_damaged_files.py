"""Damaged files of both kinds end in a sentence or in a model that plays, never otherwise."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from appliance.decoders.importer import import_model
from appliance.decoders.library import Library
from appliance.errors import ModelError
from tests.decoders.conftest import Rave
from tests.decoders.small_models import Tone, save

VARIANTS = 160


def variants(content: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Yield `count` damages of `content`: cuts, flipped bits, zeroed and repeated stretches."""
    random = np.random.default_rng(seed)
    for index in range(count):
        damaged = bytearray(content)
        start = int(random.integers(len(content)))
        length = int(random.integers(1, 64))
        match index % 5:
            case 0:
                damaged = damaged[:start]
            case 1:
                damaged[start : start + length] = bytes(length)
            case 2:
                damaged[start:start] = damaged[start : start + length]
            case 3:  # the archive's directory, at its end, is what no checksum covers
                start = len(content) - 1 - int(random.integers(min(4000, len(content))))
                damaged[start] ^= 1 << int(random.integers(8))
            case _:
                for place in random.integers(len(content), size=int(random.integers(1, 9))):
                    damaged[int(place)] ^= 1 << int(random.integers(8))
        yield bytes(damaged)


@pytest.mark.parametrize("kind", ["unknown", "rave"])
def test_damaged_variants(kind: str, rave: Rave, tmp_path: Path) -> None:
    if kind == "unknown":
        content, count = save(Tone(), tmp_path / "tone.ts").read_bytes(), VARIANTS
    else:
        content, count = rave(full=8, ratios=(2,), capacity=2).read_bytes(), 200 - VARIANTS
    source, folder = tmp_path / "damaged.ts", tmp_path / "models"
    refused = 0
    for damaged in variants(content, count, seed=7):
        source.write_bytes(damaged)
        try:
            import_model(source, folder)
        except ModelError as error:
            assert "\n" not in str(error)
            refused += 1
            assert not folder.exists() or not list(folder.iterdir())
            continue
        decoder = Library([folder]).open("damaged", [0])
        audio = np.full((1, decoder.ratio), np.nan, np.float32)
        decoder.decode(np.zeros((1, 8), np.float32), [True], audio)
        assert np.isfinite(audio).all()
        for file in (folder / "damaged").iterdir():
            file.unlink()
        (folder / "damaged").rmdir()
    assert refused > count // 2
