"""What the encoder hears: an audio file, the live input, and the decoders' own sound."""
