"""Trains the factory models: corpus, spectral and waveform training, export, measurement."""
