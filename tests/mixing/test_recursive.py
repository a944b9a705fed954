"""The recursive filters equal SciPy's own, and cost what two small files cost."""

import subprocess
import sys

import numpy as np
import pytest
from scipy.signal import butter, lfilter, sosfilt

from appliance.mixing import recursive


@pytest.mark.parametrize("compiled", [True, False])
def test_they_equal_those_of_scipy(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not compiled:
        monkeypatch.setattr(recursive, "_SECTIONS", None)
        monkeypatch.setattr(recursive, "_LINEAR", None)
    random = np.random.default_rng(0)
    filters = np.asarray(butter(6, 0.2, output="sos"))
    state, kept = (np.zeros((len(filters), 2, 2)) for _ in range(2))
    memory, held = (np.zeros(2) for _ in range(2))
    b, a = np.array([0.1, 0.2, 0.1]), np.array([1.0, -0.7, 0.2])
    for count in (1, 64, 7, 256):
        x = random.standard_normal((2, count))
        expected, state = sosfilt(filters, x, axis=-1, zi=state)
        given, kept = recursive.sections(filters, x, kept)
        assert np.array_equal(given, expected) and np.array_equal(kept, state)
        expected, memory = lfilter(b, a, x[0], zi=memory)
        given, held = recursive.linear(b, a, x[0], held)
        assert np.array_equal(given, expected) and np.array_equal(held, memory)


def test_the_engine_starts_without_the_rest_of_scipy() -> None:
    code = (
        "import sys; import appliance.engine.player, appliance.cli.play;"
        "heavy = {'scipy.signal', 'scipy.stats', 'scipy.optimize'} & set(sys.modules);"
        "sys.exit(', '.join(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
