"""Factory models: the decoders that ship with the instrument, and the code that trains them."""
