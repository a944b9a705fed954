"""Mix and master: decoder voices in, two channels for the sound card out."""

from appliance.mixing.blend import Blend
from appliance.mixing.compressor import Compressor
from appliance.mixing.equalizer import Equalizer
from appliance.mixing.limiter import Limiter
from appliance.mixing.master import Master
from appliance.mixing.meters import Meters, Reading
from appliance.mixing.mixer import Mixer

__all__ = ["Blend", "Compressor", "Equalizer", "Limiter", "Master", "Meters", "Mixer", "Reading"]
