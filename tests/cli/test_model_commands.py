"""`neural-synth models verify` and `bench`, on a model imported for them."""

import json
import shutil
from pathlib import Path

import pytest

from appliance.decoders.importer import import_model
from appliance.decoders.precision import Precision
from tests.cli.conftest import Box
from tests.decoders.rave_export import make_rave


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exports") / "bell.ts"
    return make_rave(path, capacity=16, ratios=(4, 2))


@pytest.fixture(scope="module")
def imported(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("imported")
    import_model(source, folder, precision="blocks8")
    return folder


@pytest.fixture
def bell(imported: Path, box: Box, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(imported, box.folder / "mine")
    monkeypatch.setenv("NEURAL_SYNTH_MODELS", str(box.folder / "mine"))
    return box.folder / "mine" / "bell"


@pytest.mark.usefixtures("bell")
def test_a_good_model(box: Box, source: Path) -> None:
    said = box("models", "verify", "bell", "--against", source)
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert all(line.startswith("ok  ") for line in lines)
    for words in ("every file is there", "decoder, fp32: ", "decoder, blocks8: ", "encoder, fp32",
                  "decoder equals TorchScript to ", "encoder equals TorchScript to "):  # fmt: skip
        assert any(words in line for line in lines), words


def test_a_file_of_another_size(bell: Path, box: Box) -> None:
    graph = bell / "decoder.blocks8.onnx"
    graph.write_bytes(graph.read_bytes()[:-1])
    said = box("models", "verify", "bell")
    assert said.code == 3
    assert "BAD " in said.out and "decoder.blocks8.onnx is " in said.out
    assert said.err.strip().endswith("Import the model again.")
    graph.unlink()
    assert "decoder.blocks8.onnx is missing" in box("models", "verify", "bell").out


def test_weights_that_changed(bell: Path, box: Box, source: Path) -> None:
    """Numbers that are wrong but of the right size are heard in the comparison."""
    graph = bell / "decoder.fp32.onnx"
    content = bytearray(graph.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4096] = bytes(4096)
    graph.write_bytes(bytes(content))
    said = box("models", "verify", "bell", "--against", source)
    assert said.code == 3 and "BAD " in said.out


@pytest.mark.usefixtures("bell")
def test_bench(box: Box, source: Path) -> None:
    said = box("models", "bench", "bell", "--rounds", "1", "--against", source, "--json")
    assert said.code == 0, said.err
    content = json.loads(said.out)
    assert content["threads"] == 1 and content["machine"]
    rows = {(t["task"], t["precision"], t["rows"]): t for t in content["models"]["bell"]}
    assert set(rows) == {
        *((("decode", p, n)) for p in ("fp32", "blocks8", "torch") for n in (1, 2)),
        *((("encode", p, 1)) for p in ("fp32", "blocks8", "torch")),
    }
    for timing in rows.values():
        assert 0 < timing["median_ms"] <= timing["p99_ms"] and timing["load"] > 0
    table = box("models", "bench", "bell", "--rounds", "1", "--rows", "1", "--threads", "2").out
    assert "2 threads" in table and "(plays)" in table


@pytest.mark.usefixtures("bell")
def test_bench_against_another_file(box: Box, tmp_path: Path) -> None:
    other = tmp_path / "other.ts"
    other.write_text("la la la")
    said = box("models", "bench", "bell", "--against", other)
    assert said.code == 3 and "is not the file that 'bell' was imported from" in said.err
    assert box("models", "bench", "--against", other).code == 2


@pytest.mark.parametrize("precision", list(Precision))
def test_precisions_are_called_what_cards_call_them(box: Box, precision: Precision) -> None:
    # What is refused here is the file, or what this processor lacks, but not the name.
    for command in (("models", "import"), ("imports", "add")):
        said = box(*command, box.folder / "none.ts", "--precision", precision.value)
        assert said.code != 0 and ("none.ts" in said.err or "This processor" in said.err)
