"""An update that is signed and whole, and yet bad: its root cannot be mounted."""

from hashlib import sha256
from pathlib import Path

from appliance.update.bundle import Bundle, Description, Part, sign
from image.steps.keys import signing_key, trusted_key

_ROOT = b"this is no file system" * 50_000


def silent_bundle(good: Path, bad: Path) -> Path:
    """Write to `bad` what `good` brings, but for its root; return `bad`."""
    with good.open("rb") as reading, bad.open("wb") as writing:
        bundle = Bundle(reading, good.name, [bytes.fromhex(trusted_key())])
        description = bundle.description
        boot = description.parts[0]
        root = Part(name="root", size=len(_ROOT), sha256=sha256(_ROOT).hexdigest())
        worse = Description(
            version="bad", built=description.built, boards=description.boards, parts=[boot, root]
        )
        writing.write(sign(worse, signing_key()))
        for block in bundle.blocks(boot):
            writing.write(block)
        writing.write(_ROOT)
    return bad
