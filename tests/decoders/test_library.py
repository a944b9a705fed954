"""Finding imported models by name, and opening them."""

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from appliance.decoders import catalogue as catalogue_module
from appliance.decoders.card import Card, Source, Variant, read_card, write_card
from appliance.decoders.importer import import_model
from appliance.decoders.library import Library
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.errors import ModelError
from tests.decoders.conftest import Rave
from tests.decoders.small_models import Tone, save


@pytest.fixture(scope="module")
def bell(rave: Rave, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an imported model's folder."""
    folder = tmp_path_factory.mktemp("imported")
    import_model(rave(capacity=16, ratios=(4, 2)), folder, name="bell", precision="int8")
    return folder / "bell"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return an extra folder, the user's and the factory's, all empty."""
    extra, user, factory = (tmp_path / name for name in ("extra", "user", "factory"))
    for folder in (extra, user, factory):
        folder.mkdir()
    monkeypatch.setenv("NEURAL_SYNTH_MODELS", str(user))
    monkeypatch.setattr(catalogue_module, "factory_folder", lambda _: factory)
    return [extra, user, factory]


def place(bell: Path, folder: Path, name: str, **changes: Any) -> Path:
    """Copy an imported model to `folder`/name with changes to its card's keys."""
    target = folder / name
    shutil.copytree(bell, target)
    card = yaml.safe_load((target / "card.yaml").read_text())
    (target / "card.yaml").write_text(yaml.safe_dump(card | {"name": name} | changes))
    return target


def refusal(action: Any, *given: Any, **named: Any) -> str:
    with pytest.raises(ModelError) as caught:
        action(*given, **named)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_an_earlier_folder_hides_a_later_one(bell: Path, folders: list[Path]) -> None:
    for place_in, names in zip(folders, ("ab", "abc", "abcd"), strict=True):
        for name in names:
            place(bell, place_in, name, title=place_in.name)
    library = Library([folders[0]])
    assert library.folders == folders
    assert library.names() == ["a", "b", "c", "d"]
    assert [library.card(n).title for n in "abcd"] == ["extra", "extra", "user", "factory"]
    assert library.folder("b") == folders[0] / "b"
    assert [Library().card(n).title for n in "abcd"] == ["user", "user", "user", "factory"]


def test_what_is_no_model_is_not_listed(bell: Path, folders: list[Path]) -> None:
    place(bell, folders[1] / ".importing-x1", "half")
    place(bell, folders[1], ".hidden")
    (folders[1] / "empty").mkdir()
    (folders[1] / "file.ts").write_text("x")
    shutil.rmtree(folders[2])
    assert Library([folders[0] / "absent"]).names() == []
    place(bell, folders[1], "bell")
    assert Library().names() == ["bell"]


def test_models_that_arrive_later_are_found(bell: Path, folders: list[Path]) -> None:
    library = Library()
    assert library.names() == []
    place(bell, folders[1], "bell")
    assert library.names() == ["bell"]


def test_an_unknown_name_meets_its_nearest(bell: Path, folders: list[Path]) -> None:
    remedy = "Import one with 'neural-synth models import FILE.ts'."
    assert refusal(Library().folder, "bell") == (
        f"There is no imported model 'bell' (known: none). {remedy}"
    )
    for name in ("bell", "organ"):
        place(bell, folders[1], name)
    library = Library()
    for action in (library.folder, library.card, lambda n: library.open(n, [0])):
        assert refusal(action, "bel") == (
            f"There is no imported model 'bel' (known: bell, organ). Did you mean 'bell'? {remedy}"
        )
    assert refusal(library.folder, "xyz") == (
        f"There is no imported model 'xyz' (known: bell, organ). {remedy}"
    )
    for name in ("..", ".hidden", "", "bell/../organ"):
        assert f"There is no imported model '{name}'" in refusal(library.folder, name)


def played(decoder: Any) -> Any:
    audio = np.zeros((decoder.rows, decoder.ratio), np.float32)
    decoder.decode(np.ones((decoder.rows, 8), np.float32), [True] * decoder.rows, audio)
    return audio


def test_precisions(bell: Path, folders: list[Path]) -> None:
    place(bell, folders[1], "coarse", precision="int8")
    place(bell, folders[1], "exact", precision="fp32")
    library = Library()
    heard = {
        (name, precision): played(library.open(name, [3], precision=precision))
        for name in ("coarse", "exact")
        for precision in ("auto", "fp32", "int8")
    }
    assert np.array_equal(heard["coarse", "auto"], heard["coarse", "int8"])
    assert np.array_equal(heard["exact", "auto"], heard["exact", "fp32"])
    assert not np.array_equal(heard["exact", "int8"], heard["exact", "fp32"])
    assert np.array_equal(played(library.open("coarse", [3])), heard["coarse", "auto"])
    assert refusal(library.open, "exact", [0], precision="int4") == (
        "Model 'exact' has no precision 'int4', only fp32, int8. Use 'auto' or one of these."
    )


def test_rows_and_seeds(bell: Path, folders: list[Path]) -> None:
    place(bell, folders[1], "bell")
    decoder = Library().open("bell", [1, 2, 1])
    assert isinstance(decoder, OnnxDecoder)
    assert (decoder.rows, decoder.ratio, decoder.rate, decoder.latents) == (3, 128, 44100, 8)
    audio = played(decoder)
    assert np.array_equal(audio[0], audio[2])
    assert not np.array_equal(audio[0], audio[1])


def test_a_graph_that_is_missing_or_damaged(bell: Path, folders: list[Path]) -> None:
    target = place(bell, folders[1], "bell")
    graph = target / "decoder.int8.onnx"
    graph.write_bytes(graph.read_bytes()[:1000])
    sentence = refusal(Library().open, "bell", [0], precision="int8")
    assert sentence.startswith(f"{graph} is not a decoder graph that can run: ")
    (target / "decoder.fp32.onnx").unlink()
    sentence = refusal(Library().open, "bell", [0], precision="fp32")
    assert sentence.startswith(f"{target / 'decoder.fp32.onnx'} is not a decoder graph")


def test_torchscript_without_torch(
    folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_model(save(Tone(), tmp_path / "tone.ts"), folders[1])
    assert played(Library().open("tone", [0])).any()
    monkeypatch.setitem(sys.modules, "appliance.decoders.torchscript", None)
    assert refusal(Library().open, "tone", [0]) == (
        "Model 'tone' plays through TorchScript, which needs torch. "
        "Install it with 'pip install neural-synth-appliance[models]'."
    )


# Cards


def test_a_card_survives_writing(tmp_path: Path) -> None:
    card = Card(
        format=1, name="bell", family="rave-v2", runtime="onnx", rate=44100, ratio=2048,
        latents=8, channels=1, level_db=-20.5, precision="int8",
        variants={"int8": Variant("decoder.int8.onnx", 10, 1.5, 30.1)},
        source=Source("Glöckchen: #1.ts", 20, "ab"), importer="0.1 2025-01-01",
        variation_db=None, verified=2e-6, notes=["a: b", "- c"], licence="CC BY-NC 4.0",
    )  # fmt: skip
    write_card(card, tmp_path)
    assert read_card(tmp_path) == card


def test_a_folder_without_a_card(tmp_path: Path) -> None:
    assert refusal(read_card, tmp_path) == (
        f"{tmp_path} is no imported model: card.yaml is missing. "
        "Import the model with 'neural-synth models import FILE.ts'."
    )


@pytest.mark.parametrize("changes", [{"format": 2}, {"format": 2, "voices": 8, "rate": "high"}])
def test_a_card_of_another_format(changes: dict[str, Any], bell: Path, folders: list[Path]) -> None:
    target = place(bell, folders[1], "bell", **changes)
    assert refusal(Library().card, "bell") == (
        f"{target / 'card.yaml'} has format 2, this version reads format 1. Import the model again."
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ratio": "many"}, "Expected `int`, got `str` - at `$.ratio`"),
        ({"runtime": "magic"}, "Invalid enum value 'magic' - at `$.runtime`"),
        ({"colour": "red"}, "unknown field `colour`"),
        ({"variants": {"fp32": {"file": "x"}}}, "missing required field `bytes`"),
        ({"precision": "int4"}, "plays precision 'int4' but stores only fp32, int8"),
        ({"variants": {}}, "stores only none"),
    ],
)
def test_a_card_with_a_wrong_key(
    changes: dict[str, Any], words: str, bell: Path, folders: list[Path]
) -> None:
    target = place(bell, folders[1], "bell", **changes)
    for action in (Library().card, lambda name: Library().open(name, [0])):
        sentence = refusal(action, "bell")
        assert sentence.startswith(f"{target / 'card.yaml'} ")
        assert words in sentence
        assert sentence.endswith("Import the model again.")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"- a", b"{", b"a: [", b"\xff\xfe\x00", b"12", b"date: 2024-13-45", b"a: &a [*a]",
        b"[" * 5000, b"? [1]\n: 2", b"!!python/object:os.system x", b"format: [1]",
    ],
)  # fmt: skip
def test_a_damaged_card(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "card.yaml").write_bytes(content)
    sentence = refusal(read_card, tmp_path)
    assert sentence.startswith(f"{tmp_path / 'card.yaml'} ")
    assert sentence.endswith("Import the model again.")
    assert len(sentence) < 600
