"""The models that ship: files, levels, common latents, figures that can be measured again."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from torch import Tensor

from models.training import corpus, soundfont, waveform
from models.training.measure import decode, load
from models.training.metrics import chroma, level_dbfs, report, spectrum

FACTORY = Path(__file__).parents[2] / "models" / "factory"
FAMILIES = ("choir",)
MODELS = tuple(f"{family}-{engine}" for family in FAMILIES for engine in ("spectral", "wave"))


def file(name: str) -> Path:
    return FACTORY / name / f"{name}.ts"


def record(name: str) -> dict[str, Any]:
    return yaml.safe_load((FACTORY / name / "training.yaml").read_text(encoding="utf-8"))


def frames(name: str, seconds: float) -> int:
    return int(seconds * 44_100) // int(load(file(name)).decode_params[1])


def family_latents(name: str, audio: Tensor) -> Tensor:
    """Return a model's latents (8, frames) of audio, by its family's own encoder file."""
    encoder = load(file(f"{name.partition('-')[0]}-spectral"))
    lead = torch.nn.functional.pad(
        audio, (0 if name.endswith("spectral") else waveform.lead(1024), 2048)
    )
    codes = encoder.encode(lead[None, None, : len(lead) // 512 * 512])[0, :, 3:]
    each = int(load(file(name)).decode_params[1]) // 512
    count = min(codes.shape[1] // each, len(audio) // (512 * each))
    return codes[:, : count * each].reshape(8, count, each).mean(-1)


@pytest.mark.parametrize("name", MODELS)
def test_files_are_complete_small_and_as_recorded(name: str) -> None:
    content = file(name).read_bytes()
    assert len(content) <= 16_000_000
    assert hashlib.sha256(content).hexdigest() == record(name)["export"]["sha256"]
    page = (FACTORY / name / "README.md").read_text(encoding="utf-8")
    assert "Frank Wen" in page
    for picture in ("reconstruction.png", "latents.png"):
        assert picture in page
        assert 1_000 < (FACTORY / name / picture).stat().st_size <= 300_000


@pytest.mark.parametrize("name", MODELS)
def test_caches_are_empty(name: str) -> None:
    for part, buffer in load(file(name)).named_buffers():
        if part.rsplit(".", 1)[-1] in {"pad", "cache", "output_buffer", "input_buffer"}:
            assert not buffer.any(), part


@pytest.mark.parametrize("name", MODELS)
def test_any_latents_sound_at_a_level_a_mixer_can_use(name: str) -> None:
    model, count = load(file(name)), frames(name, 15.0)
    dice = torch.Generator().manual_seed(41)
    torch.manual_seed(43)
    played = decode(model, torch.randn(8, count, generator=dice))
    assert -24.0 <= level_dbfs(played) <= -14.0
    extreme = 8.0 * torch.sign(torch.randn(8, count, generator=dice))
    wide = 6.0 * torch.rand(8, count, generator=dice) - 3.0
    for audio in (played, *(decode(model, z) for z in (wide, extreme, torch.zeros(8, count)))):
        assert torch.isfinite(audio).all()
        assert float(audio.abs().max()) <= 1.0
        assert abs(float(audio.mean())) <= 0.003


@pytest.mark.parametrize("name", MODELS)
def test_two_decodes_of_one_gesture_differ_but_not_in_level(name: str) -> None:
    latents = torch.randn(8, frames(name, 4.0), generator=torch.Generator().manual_seed(3))
    torch.manual_seed(1)
    one = decode(load(file(name)), latents)
    torch.manual_seed(2)
    other = decode(load(file(name)), latents)
    assert not torch.equal(one, other)
    assert abs(level_dbfs(one) - level_dbfs(other)) < 1.0


def test_both_engines_read_the_same_latents(other_tones: Tensor) -> None:
    torch.manual_seed(5)
    sounds = [decode(load(file(name)), family_latents(name, other_tones)) for name in MODELS[:2]]
    length = min(len(sound) for sound in sounds)
    tones_of = [chroma(spectrum(sound[:length], 4096, 1024), 4096) for sound in sounds]
    together = torch.cosine_similarity(tones_of[0], tones_of[1], dim=0).mean()
    apart = torch.cosine_similarity(tones_of[0], tones_of[1].flip(1), dim=0).mean()
    assert float(together) > 0.6
    assert float(together) > float(apart) + 0.1


@pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not corpus.FONT.is_file(),
    reason="fluidsynth or its soundfont is not installed",
)
@pytest.mark.parametrize("name", MODELS)
def test_held_out_figures_can_be_measured_again(name: str, tmp_path: Path) -> None:
    facts = record(name)
    if soundfont.font_sha256() != facts["corpus"]["font_sha256"]:
        pytest.skip("another version of the soundfont is installed")
    held = facts["corpus"]
    family = held["family"]
    rendered = corpus.render(family, held["held_out_seconds"], held["held_out_seed"], tmp_path)
    audio = torch.from_numpy(np.asarray(rendered))
    torch.manual_seed(8)
    found = report(audio, decode(load(file(name)), family_latents(name, audio)))
    stated = facts["held_out"]
    assert found["log_mel_db"] == pytest.approx(stated["log_mel_db"], abs=0.2)
    assert found["msl2"] == pytest.approx(stated["msl2"], abs=0.03)
    assert found["chroma"] == pytest.approx(stated["chroma"], abs=0.03)
    # far better than another moment of the same music, which is what a deaf model would play
    assert found["log_mel_db"] < 0.6 * facts["other_segment"]["log_mel_db"]
