"""Opening model files: what they say of themselves, and a sentence for each that cannot play."""

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from appliance.decoders.contract import Contract, Encoding, open_model
from appliance.errors import ModelError
from tests.decoders.conftest import Rave
from tests.decoders.small_models import Bare, Deaf, Liar, Named, Part, Tone, save


def refusal(path: Path) -> str:
    """Return the one sentence or two that `open_model` refuses `path` with."""
    with pytest.raises(ModelError) as caught:
        open_model(path)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path} ")
    assert "\n" not in sentence
    assert sentence.endswith((".", ")."))
    return sentence.removeprefix(f"{path} ")


def test_a_rave_export(rave: Rave) -> None:
    _, contract = open_model(rave(encoded=True))
    methods, encoding = ("encode", "decode", "forward"), Encoding(1, 8, 2048)
    assert contract == Contract(methods, 8, 2048, 1, 44100, True, encoding)
    _, contract = open_model(rave())
    assert contract == Contract(("decode", "forward"), 8, 2048, 1, 44100, True, None)


def test_version_1_without_a_list_of_methods(rave: Rave) -> None:
    _, contract = open_model(rave(generation="v1", wrapper="trace", noise=True, ratios=(4, 2)))
    assert contract == Contract(("encode", "decode", "forward"), 8, 128, 1, 44100, True)


def test_version_1_with_a_prior_has_its_numbers_one_level_down(rave: Rave) -> None:
    _, contract = open_model(rave(generation="v1", wrapper="combined", ratios=(4, 2)))
    methods = ("encode", "decode", "prior")
    assert contract == Contract(methods, 8, 128, 1, 44100, True, prior=True)
    _, contract = open_model(rave(generation="v1", wrapper="combined", ratios=(4, 2), encoded=True))
    assert contract.encoding == Encoding(1, 8, 128)


def test_stereo(tmp_path: Path) -> None:
    _, contract = open_model(save(Tone(channels=2), tmp_path / "tone.ts"))
    assert contract == Contract(("decode",), 8, 64, 2, 44100, False)


def test_a_list_of_methods_that_fails_is_not_needed(tmp_path: Path) -> None:
    assert open_model(save(Liar(), tmp_path / "liar.ts"))[1].methods == ("decode",)


@pytest.mark.parametrize("left", [float("nan"), 1e9])
def test_caches_are_silent_whatever_the_export_left(
    left: float, rave: Rave, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"full": 8, "ratios": (2,)}
    clean, _ = open_model(rave(**options))
    dirty, _ = open_model(rave(**options, cache=left))
    z = torch.randn(1, 8, 40)
    with torch.inference_mode():
        assert torch.equal(dirty.decode(z), clean.decode(z))


@pytest.mark.parametrize(
    ("name", "value", "rate"),
    [
        ("sr", 48000, 48000),
        ("sr", 22050.0, 22050),
        ("sampling_rate", torch.tensor(48000), 48000),
        ("sampling_rate", torch.tensor([32000.0]), 32000),
        ("part", Part(16000), 16000),
        ("sr", 1, None),
        ("sr", float("inf"), None),
        ("sr", True, None),
        ("sampling_rate", torch.tensor([]), None),
        ("sampling_rate", torch.tensor(float("nan")), None),
    ],
)
def test_sample_rates(name: str, value: object, rate: int | None, tmp_path: Path) -> None:
    model: Any = Tone()
    if isinstance(value, torch.Tensor) and value.numel() and bool(value.isfinite().all()):
        model.register_buffer(name, value)
    else:
        setattr(model, name, value)
    _, contract = open_model(save(model, tmp_path / "tone.ts"))
    assert (contract.rate, contract.rate_declared) == (rate or 44100, rate is not None)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.ts", tmp_path):
        assert refusal(path) == "is not there. Give the path of a TorchScript file (.ts)."


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", bytes(5000)])
def test_a_file_that_is_no_archive(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.ts"
    path.write_bytes(content)
    assert refusal(path) == (
        "is not a TorchScript file: it is not a zip archive or its end is missing. "
        "Export the model with nn~ support (.ts), or copy it again."
    )


def test_an_archive_without_code(tmp_path: Path) -> None:
    path = tmp_path / "model.ts"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("song.txt", "la la la")
    assert refusal(path) == (
        "is a zip without TorchScript code. "
        "Export the model for nn~ first (RAVE: 'rave export --streaming')."
    )


def test_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "epoch.ckpt"
    torch.save({"state_dict": Tone().state_dict()}, path)
    assert refusal(path) == (
        "is a checkpoint without TorchScript code. "
        "Export the model for nn~ first (RAVE: 'rave export --streaming')."
    )


@pytest.mark.parametrize("kept", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file(kept: float, tmp_path: Path) -> None:
    path = save(Tone(), tmp_path / "tone.ts")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    assert "its end is missing" in refusal(path)


def test_a_flipped_bit_in_a_weight(tmp_path: Path) -> None:
    path = save(Tone(), tmp_path / "tone.ts")
    content = bytearray(path.read_bytes())
    content[content.index(Tone().matrix.numpy().tobytes()) + 100] ^= 1  # type: ignore[operator]
    path.write_bytes(content)
    found = refusal(path)
    assert re.fullmatch(
        r"is a damaged archive \(the checksum of 'tone/data/\d+' is wrong\)\. Copy it again\.",
        found,
    )


def test_code_that_torch_cannot_read(tmp_path: Path) -> None:
    whole, broken = save(Tone(), tmp_path / "tone.ts"), tmp_path / "broken.ts"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(broken, "w") as target:
        for entry in source.namelist():
            content = source.read(entry)
            target.writestr(entry, b"nonsense(" if entry.endswith(".py") else content)
    found = refusal(broken)
    assert found.startswith("cannot be loaded as TorchScript (")
    assert found.endswith(
        "). Export it again, or copy it again if it came over a network or a stick."
    )


def test_no_decode(tmp_path: Path) -> None:
    assert refusal(save(Deaf(), tmp_path / "deaf.ts")) == (
        "has no method 'decode' (methods found: encode). "
        "Only models that decode latents to audio can play in a slot."
    )
    assert refusal(save(Named(["forward"]), tmp_path / "named.ts")) == (
        "has no method 'decode' (methods found: forward). "
        "Only models that decode latents to audio can play in a slot."
    )
    assert "(methods found: none)" in refusal(save(Part(1.0), tmp_path / "part.ts"))


NEEDED = (
    "but four numbers from 1 to 65536 are needed: inlets, inlet ratio, outlets, outlet ratio. "
    "Export the model again with nn~ support."
)


def test_no_decode_params(tmp_path: Path) -> None:
    assert refusal(save(Bare(), tmp_path / "bare.ts")) == f"says decode_params = [], {NEEDED}"


@pytest.mark.parametrize(
    ("params", "shown"),
    [
        (torch.tensor([8, 64, 1]), "[8, 64, 1]"),
        (torch.tensor([8, 64, 1, 1, 1]), "[8, 64, 1, 1, 1]"),
        (torch.tensor([0, 64, 1, 1]), "[0, 64, 1, 1]"),
        (torch.tensor([8, -64, 1, 1]), "[8, -64, 1, 1]"),
        (torch.tensor([8, 64, 1, 0]), "[8, 64, 1, 0]"),
        (torch.tensor([8, 64, 1, 48]), "[8, 64, 1, 48]"),
        (torch.tensor([10**12, 64, 1, 1]), "[1000000000000, 64, 1, 1]"),
        (torch.tensor([[8, 64], [1, 1]]), "[]"),
        (torch.tensor(8), "[]"),
        (torch.tensor([8, float("inf"), 1, 1]), "[]"),
        (torch.tensor([8j, 64, 1, 1]), "[]"),
        ([8, 64, 1, 1], "[]"),
    ],
)
def test_wrong_decode_params(params: object, shown: str, tmp_path: Path) -> None:
    model: Any = Tone()
    del model.decode_params
    if isinstance(params, torch.Tensor):
        model.register_buffer("decode_params", params)
    else:
        model.decode_params = params
    assert refusal(save(model, tmp_path / "tone.ts")) == f"says decode_params = {shown}, {NEEDED}"


def test_a_decode_that_gives_no_audio(tmp_path: Path) -> None:
    model = Tone()
    model.decode_params = torch.tensor([8, 64, 4, 32])
    assert refusal(save(model, tmp_path / "tone.ts")) == (
        "gives one value per 32 samples, not audio, so it cannot play in a decoder slot. "
        "Use a model whose decode_params end in 1."
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers(value: float, tmp_path: Path) -> None:
    model: Any = Tone()
    model.matrix[3, 2] = value
    assert refusal(save(model, tmp_path / "tone.ts")) == (
        "holds NaN or infinite numbers in 'matrix', so it cannot sound. "
        "Export it from an earlier checkpoint."
    )
