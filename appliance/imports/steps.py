"""The steps of an import in order, for a bar that moves."""

STEPS = (
    "reading the file",
    "recognising the family",
    "writing the fp32 graph",
    "comparing with TorchScript",
    "choosing the precision",
    "measuring",
    "keeping the TorchScript file",
    "recognising the encoder",
    "comparing the encoder with TorchScript",
    "choosing the encoder's precision",
    "measuring the encoder",
)


def share_of(step: str) -> float:
    """Return how far an import is when it begins `step`: 0 to 1, by steps and not by time."""
    return STEPS.index(step) / len(STEPS) if step in STEPS else 0.0
