"""What hands touch and eyes see: a process of its own, which speaks OSC with the engine."""
