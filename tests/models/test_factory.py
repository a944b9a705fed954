"""The models that ship: complete, as recorded, alive, one family's latents for both engines."""

import hashlib
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.training import corpus, restoring
from models.training.metrics import chroma, level_dbfs, spectrum
from models.training.recipes import RECIPES
from models.training.shipped import Shipped
from models.training.waveform import voice
from tests.models.scripted import load

FACTORY = Path(__file__).parents[2] / "models" / "factory"
MODELS = sorted(path.parent.name for path in FACTORY.glob("*/training.yaml"))
FAMILIES = sorted({name.partition("-")[0] for name in MODELS})


@pytest.fixture(params=MODELS)
def shipped(request: pytest.FixtureRequest) -> Shipped:
    return Shipped(FACTORY / request.param)


def frames(shipped: Shipped, seconds: float) -> int:
    return int(seconds * 44_100) // shipped.card.ratio


def test_a_family_ships_as_spectral_and_as_waveform_model() -> None:
    assert FAMILIES
    for family in FAMILIES:
        assert {f"{family}-spectral", f"{family}-wave"} <= set(MODELS)


def test_files_are_complete_and_as_recorded(shipped: Shipped) -> None:
    content = shipped.script.read_bytes()
    assert hashlib.sha256(content).hexdigest() == shipped.facts["export"]["sha256"]
    assert shipped.card.source.sha256 == shipped.facts["export"]["sha256"]
    page = (shipped.folder / "README.md").read_text(encoding="utf-8")
    assert ("Frank Wen" in page) == corpus.needs_font(shipped.facts["family"])
    assert bool(shipped.card.credits) == corpus.needs_font(shipped.facts["family"])
    for picture in ("reconstruction.png", "latents.png"):
        assert picture in page
        assert 1_000 < (shipped.folder / picture).stat().st_size <= 300_000


def test_caches_are_empty(shipped: Shipped) -> None:
    for part, buffer in load(shipped.script).named_buffers():
        if part.rsplit(".", 1)[-1] in {"pad", "cache", "output_buffer", "input_buffer"}:
            assert not buffer.any(), part


def test_two_decodes_of_one_gesture_differ_but_not_in_level(shipped: Shipped) -> None:
    latents = torch.randn(8, frames(shipped, 4.0), generator=torch.Generator().manual_seed(3))
    one, other = shipped.decode(torch.stack([latents, latents]))
    assert not torch.equal(one, other)
    assert abs(level_dbfs(one) - level_dbfs(other)) < 1.0


@pytest.mark.parametrize("family", FAMILIES)
def test_both_engines_read_the_same_latents(family: str, other_tones: Tensor) -> None:
    models = [Shipped(FACTORY / f"{family}-{engine}") for engine in ("spectral", "wave")]
    sounds = [model.decode(model.latents(other_tones)) for model in models]
    length = min(len(sound) for sound in sounds)
    tones_of = [chroma(spectrum(sound[:length], 4096, 1024), 4096) for sound in sounds]
    together = torch.cosine_similarity(tones_of[0], tones_of[1], dim=0).mean()
    apart = torch.cosine_similarity(tones_of[0], tones_of[1].flip(1), dim=0).mean()
    assert float(together) > 0.6
    assert float(together) > float(apart) + 0.1


@pytest.mark.parametrize("family", FAMILIES)
def test_a_shipped_spectral_model_can_teach_again(family: str) -> None:
    shipped = Shipped(FACTORY / f"{family}-spectral")
    network, model = restoring.spectral(shipped.script), load(shipped.script)
    frames = torch.rand(5, 1025, generator=torch.Generator().manual_seed(4))
    assert torch.equal(network.encoder(frames), model.encoder(frames))
    latents = network.encoder(frames)[:, :8]
    assert torch.equal(network.decoder(latents), model.decoder(latents))


@pytest.mark.parametrize("name", [name for name in MODELS if not name.endswith("-spectral")])
def test_a_shipped_waveform_model_can_go_on_learning(name: str) -> None:
    shipped, model = Shipped(FACTORY / name), load(FACTORY / name / f"{name}.ts")
    plays, hears = RECIPES[shipped.facts["family"]].waveforms()[name.rpartition("-")[2]]
    network = restoring.generator(shipped.script, plays.shape, plays.noise_db)
    voice(network, plays.noise_db)
    wanted = dict(model.decoder.named_parameters())
    for part, value in network.named_parameters():
        given = wanted[part][:, :8] if part == "net.0.weight" else wanted[part]
        assert torch.allclose(value, given, atol=1e-6), part
    encoder = restoring.encoder(shipped.script, hears.shape)
    bands = torch.randn(1, 16, 24 * 64, generator=torch.Generator().manual_seed(5))
    code = encoder(bands)[:, :8]
    assert torch.allclose(code, model.encoder.encoder(bands)[:, :8], atol=1e-4)
