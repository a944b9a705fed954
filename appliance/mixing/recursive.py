"""SciPy's recursive filters without the rest of scipy.signal, which costs a second and 75 MB.

Two compiled modules of it do the work; they are loaded by themselves, by their files. A SciPy that
keeps them elsewhere is used whole.
"""

import importlib.util
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def _compiled(name: str) -> ModuleType | None:
    """Return a compiled module of scipy.signal, or None if it is not where it used to be."""
    whole = f"scipy.signal.{name}"
    if whole in sys.modules:
        return sys.modules[whole]
    scipy = importlib.util.find_spec("scipy")
    places = scipy.submodule_search_locations if scipy is not None else None
    for place in places or ():
        for suffix in EXTENSION_SUFFIXES:
            path = Path(place) / "signal" / f"{name}{suffix}"
            if path.is_file():
                spec = importlib.util.spec_from_file_location(whole, path)
                assert spec is not None and spec.loader is not None
                try:
                    module = importlib.util.module_from_spec(spec)
                    spec.loader.exec_module(module)
                except ImportError:
                    return None
                return module
    return None


_SECTIONS: Any = getattr(_compiled("_sosfilt"), "_sosfilt", None)
_LINEAR: Any = getattr(_compiled("_sigtools"), "_linear_filter", None)


def sections(coefficients: Array, signal: Array, state: Array) -> tuple[Array, Array]:
    """Return `signal` (channels, n) through second-order sections (sections, 6), and the state.

    `state` is (sections, channels, 2), as that of scipy.signal.sosfilt along the last axis.
    """
    if _SECTIONS is None:
        from scipy.signal import sosfilt  # noqa: PLC0415

        return sosfilt(coefficients, signal, axis=-1, zi=state)
    out = np.array(signal, np.float64, order="C")
    after = np.array(state.transpose(1, 0, 2), np.float64, order="C")
    _SECTIONS(np.ascontiguousarray(coefficients, np.float64), out, after)
    return out, after.transpose(1, 0, 2)


def linear(
    numerator: Array, denominator: Array, signal: Array, state: Array
) -> tuple[Array, Array]:
    """Return `signal` (n,) through one recursive filter, and its state."""
    if _LINEAR is None:
        from scipy.signal import lfilter  # noqa: PLC0415

        return lfilter(numerator, denominator, signal, zi=state)
    return _LINEAR(numerator, denominator, signal, -1, state)
