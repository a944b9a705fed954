"""Latents in files: every layout is read, everything else refused with a sentence."""

from pathlib import Path

import numpy as np
import pytest

from appliance.errors import LatentError
from appliance.jam.arrays import read_latents, write_latents
from appliance.latent.clip import MAX_POINTS

LATENTS = np.random.default_rng(0).uniform(-2, 2, (8, 37)).astype(np.float32)


def saved(folder: Path, array: object, name: str = "a.npy") -> Path:
    path = folder / name
    if path.suffix == ".npz":
        np.savez(path, **array)  # pyright: ignore[reportArgumentType, reportCallIssue]
    else:
        np.save(path, array)  # pyright: ignore[reportArgumentType]
    return path


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_reads_every_layout(tmp_path: Path, dtype: type) -> None:
    latents = LATENTS.astype(dtype)
    for array in (latents, latents.T, latents[None], np.asfortranarray(latents)):
        read = read_latents(saved(tmp_path, array))
        assert read.dtype == np.float32 and np.array_equal(read, latents.astype(np.float32))
    for name in ("latents", "z", "whatever"):
        assert np.array_equal(
            read_latents(saved(tmp_path, {name: latents.T}, "a.npz")), latents.astype(np.float32)
        )
    two = {"latents": latents, "mean": np.zeros(3)}
    assert read_latents(saved(tmp_path, two, "b.npz")).shape == (8, 37)


def test_reads_standardised_files_with_a_scale_and_whole_numbers(tmp_path: Path) -> None:
    standard = ((LATENTS - LATENTS.mean()) / LATENTS.std())[None]
    assert np.allclose(read_latents(saved(tmp_path, standard), scale=1.7), 1.7 * standard[0])
    counts = np.arange(80).reshape(8, 10)
    assert np.array_equal(read_latents(saved(tmp_path, counts)), counts)


def test_writes_what_it_reads(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "breath.npy"
    write_latents(path, LATENTS)
    assert np.array_equal(np.load(path), LATENTS)
    assert np.array_equal(read_latents(path), LATENTS)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((7, 20)), r"has shape \(7, 20\); latents must be \(8, T\)"),
        (np.zeros(80), r"has shape \(80,\)"),
        (np.zeros((2, 8, 20)), r"has shape \(2, 8, 20\)"),
        (np.zeros((8, 1)), "has 1 point; a jam slot takes 2 to 500000. Hold a single latent"),
        (np.zeros((8, 0)), "has 0 points"),
        (np.zeros((8, MAX_POINTS + 1), np.float16), "has 500001 points; .* Cut it into parts"),
        (np.zeros((8, 20), np.complex64), "complex64 values; latents must be real"),
        (np.zeros((8, 20), np.bool_), "bool values"),
        (np.array([["a"] * 20] * 8), "<U1 values"),
        (np.full((8, 20), np.nan), "holds nan in channel 1 at point 0"),
        (np.where(np.arange(20) == 7, np.inf, np.zeros((8, 20))), "holds inf .* at point 7"),
        (np.full((20, 8), -2000.0), "holds -2000 .*numbers from -1000 to 1000"),
    ],
)
def test_refuses_other_arrays(tmp_path: Path, array: object, words: str) -> None:
    path = saved(tmp_path, array)
    with pytest.raises(LatentError, match=words) as refused:
        read_latents(path)
    assert str(path) in str(refused.value)


def test_refuses_what_is_no_file_of_numbers(tmp_path: Path) -> None:
    objects = tmp_path / "objects.npy"
    np.save(objects, np.array([{}] * 8, object), allow_pickle=True)
    damaged = saved(tmp_path, LATENTS, "damaged.npy")
    damaged.write_bytes(damaged.read_bytes()[:500])
    liar = tmp_path / "liar.npy"
    whole = saved(tmp_path, np.zeros((8, 100))).read_bytes()
    liar.write_bytes(whole.replace(b"(8, 100)", b"(8, 999)"))
    noise = tmp_path / "noise.npz"
    noise.write_bytes(b"PK\3\4 and nothing more")
    text = tmp_path / "text.npy"
    text.write_text("no array")
    for path, words in (
        (objects, "object values"),
        (damaged, "damaged"),
        (liar, "damaged"),
        (noise, "damaged"),
        (text, "damaged"),
        (tmp_path / "gone.npy", "No such file"),
        (tmp_path, "must end in .npy"),
        (tmp_path / "x.wav", "must end in .npy"),
        (saved(tmp_path, {"a": LATENTS, "b": LATENTS}, "two.npz"), "one must be called latents"),
    ):
        with pytest.raises(LatentError, match=words):
            read_latents(path)
