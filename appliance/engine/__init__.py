"""The engine: decoders scheduled against one clock, parameters in, sound and status out."""
