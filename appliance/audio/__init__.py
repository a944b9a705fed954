"""Where the sound goes: an ALSA PCM, a WAV file, or nowhere, each of them the engine's clock."""

from appliance.audio.output import Output, best_output_name, open_output

__all__ = ["Output", "best_output_name", "open_output"]
