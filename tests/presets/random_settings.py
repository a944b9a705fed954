"""Legal values of all parameters, drawn at random over their whole ranges."""

import numpy as np
from numpy.typing import NDArray

from appliance.parameters import Table


def random_settings(table: Table, seed: int) -> NDArray[np.float64]:
    """Return values of every parameter of `table`, float64 (parameters,)."""
    random = np.random.default_rng(seed)
    return np.array(
        [
            float(random.integers(len(p.choices)))
            if p.choices
            else random.choice((random.uniform(p.minimum, p.maximum), p.minimum, p.maximum))
            for p in table
        ]
    )
