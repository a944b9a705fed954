"""`neural-synth latents`: files looked at, converted, edited, filled and encoded."""

from pathlib import Path

import numpy as np
import soundfile

from appliance.jam.edits import edited, resampled
from appliance.jam.filling import random_latents
from tests.cli.conftest import Box


def test_fill_info_convert_edit(box: Box) -> None:
    said = box("latents", "fill", "walk", "a.npy", "--points", "40", "--width", "2", "--seed", "5")
    latents = random_latents("walk", 40, 2, 5)
    assert said.code == 0 and np.array_equal(np.load("a.npy"), latents)
    said = box("latents", "info", "a.npy", "--rate", "20")
    assert said.code == 0 and "8 x 40 latents, 2.0 s at 20 points a second" in said.out
    assert f"{latents[3].std():.3f}" in said.out
    box("latents", "convert", "a.npy", "b.npy", "--layout", "1x8xT", "--scale", "3")
    assert np.allclose(np.load("b.npy"), 3 * latents[None])
    box("latents", "convert", "b.npy", "c.npy", "--layout", "Tx8", "--points", "80")
    assert np.array_equal(np.load("c.npy"), resampled(np.load("b.npy")[0], 80).T)
    box("latents", "edit", "c.npy", "d.npy", "--", "nudge", "0", "0", "79", "-1")
    assert np.allclose(np.load("d.npy"), np.load("c.npy").T - 1)
    box("latents", "edit", "a.npy", "e.npy", "smooth", "3")
    assert np.array_equal(np.load("e.npy"), edited(latents, "smooth", (3,)))


def test_encode_makes_latents_of_sound(box: Box) -> None:
    soundfile.write("tone.wav", 0.3 * np.sin(np.arange(44100) / 20), 44100)
    said = box("latents", "encode", "tone.wav", "t.npy", "--model", "choir-spectral")
    assert said.code == 0, said.err
    whole = np.load("t.npy")
    box("latents", "encode", "tone.wav", "s.npy", "--model", "choir-spectral", "--seconds", "0.5")
    part = np.load("s.npy")
    assert np.array_equal(part, whole[:, : part.shape[1]]) and part.shape[1] == len(whole[0]) // 2


def test_what_cannot_be_done_is_one_sentence(box: Box) -> None:
    np.save("bad.npy", np.full((8, 9), np.nan))
    box("latents", "fill", "walk", "good.npy")
    for arguments, words in (
        (("info", "bad.npy"), "holds nan in channel 1"),
        (("info", "gone.npy"), "No such file"),
        (("convert", "good.npy", "x.wav"), "must end in .npy"),
        (("edit", "good.npy", "x.npy", "revers"), "Did you mean 'reverse'"),
        (("encode", "gone.wav", "x.npy", "--model", "choir-spectral"), "cannot be read as sound"),
    ):
        said = box("latents", *arguments)
        assert said.code in (2, 3) and words in said.err
    assert not Path("x.npy").exists()
