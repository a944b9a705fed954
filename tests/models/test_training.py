"""The way from audio to a playable model: filter bank, features, both trainings, both exports."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from models.training import encoding, export_spectral, export_waveform, spectral, waveform
from models.training.encoder import EncoderV2
from models.training.features import CompactAxis, dual_window, gaussian_window, magnitudes
from models.training.generator import GeneratorV2, Shape
from models.training.metrics import explained
from models.training.pqmf import TAPS, analyse, synthesise
from models.training.progress import Run, learning_rate, write_atomically
from models.training.recipes import RECIPES
from models.training.spectral import SpectralVAE
from tests.models.scripted import decode, load

QUICK = RECIPES["choir"].quick()
Encoder = tuple[SpectralVAE, Run]
Generator = tuple[GeneratorV2, Run]
Listener = tuple[EncoderV2, Run]


@pytest.fixture(scope="module")
def encoder(tone_audio: Tensor) -> Encoder:
    return spectral.train(tone_audio, QUICK.spectral)


@pytest.fixture(scope="module")
def generator(tone_audio: Tensor, encoder: Encoder) -> Generator:
    latents = encoder[0].latents(
        tone_audio, QUICK.waveform.shape.ratio, waveform.lead(QUICK.waveform.shape.ratio)
    )
    return waveform.train(tone_audio, latents, QUICK.waveform)


@pytest.fixture(scope="module")
def listener(tone_audio: Tensor, encoder: Encoder) -> Listener:
    return encoding.train(tone_audio, encoder[0], QUICK.encoding)


@pytest.fixture(scope="module")
def spectral_file(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spectral") / "model.ts"
    export_spectral.export(encoder[0], path)
    return path


@pytest.fixture(scope="module")
def wave_file(
    generator: Generator, listener: Listener, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("wave") / "model.ts"
    heard = (listener[0], QUICK.encoding.shape)
    export_waveform.export(heard, generator[0], QUICK.waveform.shape, path)
    return path


def silence_noise(model: Any) -> None:
    """Turn an exported generator's noises off, to leave the deterministic part."""
    model.latent_pca[8:] = 0.0
    for name, parameter in model.named_parameters():
        if name.startswith("decoder.noise_module") and name.endswith("4.bias"):
            parameter.fill_(-60.0)
        elif name.startswith("decoder.noise_module"):
            parameter.zero_()


def empty_caches(model: Any) -> None:
    for name, buffer in model.named_buffers():
        if name.rsplit(".", 1)[-1] in {"pad", "cache"}:
            buffer.zero_()


def test_filter_bank_reconstructs() -> None:
    audio = torch.randn(1, 1, 16 * 2000, generator=torch.Generator().manual_seed(1))
    back = synthesise(analyse(audio))
    inside = slice(4 * TAPS, -4 * TAPS)
    wanted, found = audio[0, 0, inside], back[0, 0].roll(-TAPS)[inside]
    snr = 10 * torch.log10(wanted.square().sum() / (wanted - found).square().sum())
    assert snr > 60.0


def test_filter_bank_puts_a_tone_into_its_band() -> None:
    time = torch.arange(16 * 512) / 44_100
    centre = (3 + 0.5) * 44_100 / 32
    bands = analyse(torch.sin(2 * torch.pi * centre * time).reshape(1, 1, -1))
    power = bands[0, :, 64:].square().mean(1)
    assert power.argmax() == 3
    assert power[3] > 1e4 * power[[0, 1, 5, 6, 10, 15]].max()


def test_windows_give_the_signal_back() -> None:
    audio = torch.randn(512 * 20, generator=torch.Generator().manual_seed(2))
    window = gaussian_window()
    frames = audio.unfold(0, 2048, 512) * window * dual_window(window)
    total = torch.zeros_like(audio)
    for place, frame in enumerate(frames):
        total[512 * place : 512 * place + 2048] += frame
    assert torch.allclose(total[2048:-2048], audio[2048:-2048], atol=1e-5)


def test_a_full_scale_sine_is_eighty_db_over_the_floor() -> None:
    sine = torch.sin(2 * torch.pi * 100 * 44_100 / 2048 * torch.arange(8192) / 44_100)
    assert torch.allclose(magnitudes(sine).max(1).values, torch.tensor(1e4), rtol=1e-2)


def test_compact_axis_keeps_what_is_smooth() -> None:
    axis = CompactAxis()
    smooth = torch.linspace(1.0, 6.0, 1025).unsqueeze(0)
    assert torch.allclose(smooth @ axis.pool.T @ axis.expand.T, smooth, atol=0.06)
    assert float(axis.width.sum()) == pytest.approx(1025.0, rel=1e-4)


def tone_distance(network: GeneratorV2) -> float:
    """Return how far what a generator makes of zero latents is from a plain tone."""
    tone = 0.2 * torch.sin(2 * torch.pi * 220 * torch.arange(16 * 1024) / 44_100)
    dice = torch.Generator().manual_seed(1)
    made = waveform.render(network.eval(), torch.zeros(8, 16))
    return float(waveform.distance(tone[None], made[None], (2048, 512), dice))


def test_quick_training_reduces_both_losses(encoder: Encoder, generator: Generator) -> None:
    assert encoder[1].losses[-1] < 0.75 * encoder[1].losses[0]
    torch.manual_seed(0)
    untrained = waveform.generator(QUICK.waveform.shape)
    assert tone_distance(generator[0]) < 0.8 * tone_distance(untrained)


def test_latents_are_standardised_and_exported_so(
    tone_audio: Tensor, encoder: Encoder, spectral_file: Path
) -> None:
    latents = encoder[0].latents(tone_audio)
    assert latents.mean(1).abs().max() < 0.3
    assert (latents.std(1) - 1.0).abs().max() < 0.3
    model = load(spectral_file)
    encoded = model.encode(tone_audio[None, None, : 512 * 100])[0]
    # the export frames end with the block, the trainer's begin with it: three hops apart
    assert torch.allclose(encoded[:, 3:], latents[:, :97], atol=1e-4)


def test_training_resumes_where_it_stopped(tone_audio: Tensor, tmp_path: Path) -> None:
    recipe = replace(QUICK.spectral, steps=40)
    whole, _ = spectral.train(tone_audio, recipe)
    checkpoint = tmp_path / "spectral.pt"

    class PowerCutError(Exception):
        pass

    class Cut(Run):
        def note(self, loss: Tensor) -> None:
            super().note(loss)
            if self.step == 20:
                raise PowerCutError

    def saving_always(name: str, steps: int, path: Path) -> Run:
        return Cut(name, steps, path, seconds_between_saves=0.0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spectral, "Run", saving_always)
        with pytest.raises(PowerCutError):
            spectral.train(tone_audio, recipe, checkpoint)
    resumed, run = spectral.train(tone_audio, recipe, checkpoint)
    assert run.step == 40
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


@pytest.mark.parametrize(("engine", "ratio", "methods"), [("spectral", 512, 3), ("wave", 1024, 3)])
def test_export_keeps_the_contract(
    engine: str, ratio: int, methods: int, request: pytest.FixtureRequest
) -> None:
    model = load(request.getfixturevalue(f"{engine}_file"))
    assert "decode" in model.get_methods()
    assert len(model.get_methods()) == methods
    assert model.decode_params.tolist() == [8, ratio, 1, 1]
    for method in model.get_methods():
        inlets, ratio_in, outlets, ratio_out = getattr(model, f"{method}_params").tolist()
        assert len(getattr(model, f"{method}_input_labels")) == inlets
        assert len(getattr(model, f"{method}_output_labels")) == outlets
        for batch in (1, 4):
            given = torch.zeros(batch, inlets, 8192 // ratio_in)
            assert getattr(model, method)(given).shape == (batch, outlets, 8192 // ratio_out)
    for attribute in model.get_attributes():
        assert getattr(model, f"{attribute}_params").dtype == torch.int64
        assert getattr(model, f"get_{attribute}")() == getattr(model, attribute)[0]


def test_spectral_attributes_refuse_what_they_cannot_be(spectral_file: Path) -> None:
    model = load(spectral_file)
    assert model.set_inversion_mode("sinebank") == -1
    assert model.set_inversion_mode("random") == 0
    assert model.get_inversion_mode() == "random"
    assert model.set_temperature(-0.1) == -1
    assert model.set_dimred("PCA") == -1
    assert model.set_min_buffer_size(512) == -1
    assert model.get_min_buffer_size() == 2048


def test_spectral_export_has_the_tree_readers_expect(spectral_file: Path) -> None:
    model = load(spectral_file)
    assert model.original_name == "ScriptableSpectralAutoEncoder"
    names = [part.original_name for _, part in model.transform.transforms.named_children()]
    assert names == ["Mono", "RealtimeDGT", "Magnitude", "Unsqueeze"]
    assert model.overlap_add.original_name == "OverlapAdd"
    layers = [part.original_name for _, part in model.decoder.named_children()]
    assert layers == ["Linear", "LayerNorm", "SiLU"] * 3 + ["Linear", "Linear", "Softplus"]


def test_wave_export_has_the_tree_readers_expect(wave_file: Path) -> None:
    model = load(wave_file)
    assert model.original_name == "VariationalScriptedRAVE"
    assert model.pqmf.original_name == "CachedPQMF"
    assert model.pqmf.inverse_conv.weight.shape == (16, 16, 17)
    assert model.decoder.original_name == "GeneratorV2"
    kinds = {part.original_name for _, part in model.decoder.net.named_children()}
    assert kinds == {"CachedConv1d", "LeakyReLU", "CachedConvTranspose1d", "Residual"}
    for name, part in model.named_modules():
        if part.original_name == "CachedConv1d":
            assert part.cache.pad.shape[-1] == part.cache.padding, name
            assert not part.cache.pad.any(), name


def test_an_export_holds_the_same_every_time_and_names_no_place(
    encoder: Encoder, spectral_file: Path, tmp_path: Path
) -> None:
    export_spectral.export(encoder[0], tmp_path / "again.ts")
    content = (tmp_path / "again.ts").read_bytes()
    once, again = load(spectral_file).state_dict(), load(tmp_path / "again.ts").state_dict()
    assert all(torch.equal(value, again[name]) for name, value in once.items())
    assert str(Path(__file__).parents[2]).encode() not in content
    assert b"site-packages" not in content


def test_wave_encodes_in_blocks_as_in_one_call_and_as_trained(
    wave_file: Path, listener: Listener, tone_audio: Tensor
) -> None:
    model = load(wave_file)
    ratio = QUICK.encoding.shape.ratio
    audio = tone_audio[: 24 * ratio].reshape(1, 1, -1)
    whole = model.encode(audio)
    empty_caches(model)
    blocks = torch.cat([model.encode(part) for part in audio.split(3 * ratio, -1)], -1)
    # what is drawn around the mean is 0.0002 wide
    assert whole.shape == (1, 8, 24)
    assert torch.allclose(whole, blocks, atol=4e-3)
    assert torch.allclose(whole[0], listener[0](analyse(audio))[0, :8], atol=3e-3)


def test_encoder_learns_the_teachers_latents(tone_audio: Tensor, encoder: Encoder) -> None:
    longer = replace(QUICK.encoding, steps=200, batch=4, rate=5e-3)
    network, run = encoding.train(tone_audio, encoder[0], longer)
    assert run.losses[-1] < 0.8 * run.losses[0]
    audio = tone_audio[: 10 * 44_100]
    want = encoding.targets(encoder[0], audio.unsqueeze(0), 1024)[0]
    code = network(analyse(audio.reshape(1, 1, -1)))[0, :8, : want.shape[1]]
    assert float(explained(code[:, 8:], want[:, 8:]).mean()) > 0.15


def test_wave_decodes_in_blocks_as_in_one_call_and_as_trained(
    wave_file: Path, generator: Generator
) -> None:
    model = load(wave_file)
    silence_noise(model)
    latents = torch.randn(2, 8, 24, generator=torch.Generator().manual_seed(3))
    whole = model.decode(latents)
    empty_caches(model)
    sizes = (1, 1, 2, 5, 1, 8, 6)
    blocks = torch.cat([model.decode(part) for part in latents.split(sizes, -1)], -1)
    assert torch.allclose(whole, blocks, atol=1e-5)
    plain = waveform.render(quiet(generator[0]), latents[0])
    gain = float(whole[0, 0].norm() / plain.norm())
    assert torch.allclose(whole[0, 0], gain * plain, atol=1e-4)


def quiet(trained: GeneratorV2) -> GeneratorV2:
    """Return a copy of a trained generator without noise."""
    copy = waveform.generator(QUICK.waveform.shape)
    copy.load_state_dict(trained.state_dict())
    copy.requires_grad_(False).eval()
    for name, parameter in copy.noise_module.named_parameters():
        parameter.fill_(-60.0 if name == "net.4.bias" else 0.0)
    return copy


def test_rows_of_a_batch_do_not_hear_each_other(wave_file: Path) -> None:
    model = load(wave_file)
    silence_noise(model)
    latents = torch.randn(1, 8, 6, generator=torch.Generator().manual_seed(4))
    alone = model.decode(latents)
    empty_caches(model)
    among = model.decode(torch.cat([torch.randn(3, 8, 6), latents]))
    assert torch.allclose(alone[0], among[3], atol=1e-5)


def test_spectral_decodes_in_blocks_as_in_one_call(spectral_file: Path) -> None:
    latents = torch.randn(8, 24, generator=torch.Generator().manual_seed(5))
    torch.manual_seed(6)
    whole = decode(load(spectral_file), latents)
    torch.manual_seed(6)
    model = load(spectral_file)
    blocks = torch.cat([decode(model, part) for part in latents.split((1, 3, 4, 16), -1)])
    assert torch.allclose(whole, blocks, atol=1e-5)


def test_spectral_magnitudes_are_never_negative(encoder: Encoder) -> None:
    assert isinstance(encoder[0], SpectralVAE)
    wild = 20.0 * torch.randn(200, 8, generator=torch.Generator().manual_seed(7))
    spectra = encoder[0].decoder(wild)
    assert torch.isfinite(spectra).all()
    assert float(spectra.min()) >= 0.0


def test_learning_rate_rises_holds_and_falls() -> None:
    rates = [learning_rate(step, 1000, 1e-3, 100, 0.6) for step in range(1001)]
    assert rates[0] == pytest.approx(1e-5)
    assert rates[100] == rates[599] == pytest.approx(1e-3)
    assert rates[1000] == pytest.approx(2e-5)
    assert rates[600:] == sorted(rates[600:], reverse=True)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.ts"
    path.write_text("old")

    def fail(partial: Path) -> None:
        partial.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, fail)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.ts"]


def test_the_shape_states_its_ratio() -> None:
    assert Shape().ratio == 1024
    assert Shape(ratios=(4, 4, 4, 2), widths=(8,) * 5).ratio == 2048
