"""The code is clean by ruff and pyright, and says which files are on the real-time path."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
REAL_TIME = (
    "latent/sum.py",
    "latent/oscillators.py",
    "latent/noise.py",
    "latent/offset.py",
    "latent/clock.py",
    "latent/midi_clock.py",
    "latent/sync.py",
    "latent/matrix.py",
    "latent/jam.py",
    "latent/recording.py",
    "latent/clip.py",
    "latent/terrain.py",
    "latent/encoded.py",
    "input/file_player.py",
    "input/feedback.py",
    "input/sources.py",
    "input/intake.py",
    "input/capture.py",
    "decoders/onnx_decoder.py",
    "decoders/split_decoder.py",
    "decoders/torch_decoder.py",
    "decoders/randomness.py",
    "mixing/mixer.py",
    "mixing/master.py",
    "audio/alsa.py",
    "audio/null.py",
    "engine/stream.py",
    "engine/group.py",
    "engine/queue.py",
    "engine/sounding.py",
    "engine/encoding.py",
    "engine/instrument.py",
    "engine/worker.py",
    "engine/player.py",
    "engine/monitor.py",
)


def run(*arguments: str) -> None:
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff() -> None:
    run(sys.executable, "-m", "ruff", "check", ".")
    run(sys.executable, "-m", "ruff", "format", "--check", ".")


def test_pyright() -> None:
    checker = shutil.which("pyright", path=str(Path(sys.executable).parent))
    if checker is None:
        pytest.skip("pyright is not installed in this environment")
    ready = subprocess.run([checker, "--version"], capture_output=True, text=True, check=False)
    if ready.returncode != 0:
        pytest.skip(f"pyright cannot start here: {ready.stderr.strip()[-200:]}")
    run(checker)


@pytest.mark.parametrize("name", REAL_TIME)
def test_real_time_files_say_so(name: str) -> None:
    first = (ROOT / "appliance" / name).read_text().splitlines()[0]
    assert first.startswith('"""Real-time:')


def test_the_engine_never_imports_torch() -> None:
    """Playing needs no torch: it would cost memory and seconds of start-up."""
    code = (
        "import sys; import appliance.cli.play, appliance.decoders.library;"
        "sys.exit('torch' in sys.modules or 'onnx' in sys.modules)"
    )
    run(sys.executable, "-c", code)


@pytest.mark.parametrize("module", ["appliance.cli.play", "appliance.priors.prior"])
def test_onnx_runtime_is_told_to_keep_to_itself_before_it_loads(module: str) -> None:
    """Its telemetry would start threads and ask the network in the middle of a performance."""
    code = f"""
import importlib.abc, os, sys
class Watch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "onnxruntime":
            sys.exit(os.environ.get("ORT_DISABLE_TELEMETRY") != "1")
os.environ.pop("ORT_DISABLE_TELEMETRY", None)
sys.meta_path.insert(0, Watch())
import {module}
sys.exit("onnxruntime was never loaded")
"""
    run(sys.executable, "-c", code)
