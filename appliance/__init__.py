"""A boxed neural synthesizer: streaming neural decoders played by one 8-channel latent signal."""

__version__ = "0.1.0"

CONDITIONS = 4
"""Labels that a decoder slot can give a conditioned model beside its latents."""
LATENT_CHANNELS = 8
"""Channels of the latent control signal."""
