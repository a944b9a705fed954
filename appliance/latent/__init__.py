"""The latent signal: modules evaluated at a control grid, summed and reshaped per decoder."""

from appliance.latent.clock import Clock
from appliance.latent.grid import CONTROL_PERIOD
from appliance.latent.jam import Jam
from appliance.latent.module import LatentModule
from appliance.latent.noise import Noise
from appliance.latent.offset import Offset
from appliance.latent.oscillators import Oscillators
from appliance.latent.sum import LatentSum

__all__ = [
    "CONTROL_PERIOD",
    "Clock",
    "Jam",
    "LatentModule",
    "LatentSum",
    "Noise",
    "Offset",
    "Oscillators",
]
