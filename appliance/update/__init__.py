"""New software for the box: signed, written into the slot that does not play, tried once."""
