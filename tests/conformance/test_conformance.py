"""The small form of `make conformance` and `make damaged`, on exports of the project's own."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from appliance.decoders.contract import open_model
from appliance.errors import ModelError
from tests.conformance import damage, examination
from tests.conformance.examination import examine
from tests.decoders.rave_export import make_rave

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exports") / "bell.ts"
    return make_rave(path, capacity=8, ratios=(4, 2), noise=True)


def test_an_export_is_as_it_must_be(source: Path, tmp_path: Path) -> None:
    examined = examine(source, tmp_path)
    assert examined.faults == ()
    assert 0 < examined.error <= 1e-4
    assert examined.chunks is not None and examined.chunks <= 1e-4
    assert 0.3 < examined.seam < 2


def test_what_differs_is_told(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "relative_error", lambda *_, **__: float("nan"))
    monkeypatch.setattr(examination, "_SEAM", 0.0)
    faults = examine(source, tmp_path).faults
    assert faults[0] == "differs from TorchScript by nan"
    assert faults[1].startswith("a seam of ")


def test_damaged_files_do_no_harm() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.conformance", "damaged", "--count", "18", "--seed", "3"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("18 damaged files: ") and ", 0 faults; " in done.stdout


def test_a_tensor_that_lacks_bytes_is_found_before_torch_reads_it(
    source: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(source) as archive:
        entries = {name: bytearray(archive.read(name)) for name in archive.namelist()}
    longest = max((n for n in entries if "/data/" in n), key=lambda n: len(entries[n]))
    del entries[longest][-8:]
    path = tmp_path / "short.ts"
    path.write_bytes(damage._packed(entries))
    with pytest.raises(ModelError, match=r"damaged archive \('.*' has \d+ bytes, its tensor needs"):
        open_model(path)


def test_whole_files_pass(tmp_path: Path) -> None:
    open_model(make_rave(tmp_path / "1.ts", "v1", ratios=(2,), encoded=False, wrapper="trace"))
    open_model(make_rave(tmp_path / "2.ts", ratios=(2,), encoded=False, wrapper="discrete"))
