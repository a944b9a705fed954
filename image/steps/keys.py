"""The key that signs updates, and its public half, which every image carries."""

import os
from pathlib import Path

from image.steps.variant import PROJECT, BuildError

KEY = "NEURAL_SYNTH_UPDATE_KEY"
_OWN_KEY = PROJECT / "build" / "image" / "update.key"


def signing_key() -> bytes:
    """Return the 32 secret bytes that sign updates.

    They are in the file that $NEURAL_SYNTH_UPDATE_KEY names, as 64 hexadecimal digits. Without it a
    key is made once and kept beside the builds: boxes built here then take updates built here.
    """
    named = os.environ.get(KEY)
    file = Path(named) if named else _OWN_KEY
    if not named and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(os.urandom(32).hex() + "\n")
    try:
        key = bytes.fromhex(file.read_text().strip())
    except (OSError, ValueError) as error:
        raise BuildError(f"The update key {file} cannot be read: {error}") from error
    if len(key) != 32:
        raise BuildError(f"The update key {file} has {len(key)} bytes; it must have 32.")
    return key


def trusted_key() -> str:
    """Return the public half of the signing key, as the image carries it."""
    from appliance.update.bundle import public_key  # noqa: PLC0415 - a plan needs no library

    return public_key(signing_key()).hex()
