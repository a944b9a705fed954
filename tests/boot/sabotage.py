"""Updates that must not stay: signed and whole with a bad root, or to be refused at first sight."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from appliance.update.bundle import Bundle, Part, sign
from image.steps.keys import signing_key, trusted_key

_ROOT = b"this is no file system" * 50_000
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unsigned": ({"key": bytes(32)}, "is not signed by a key that this box trusts"),
    "older": ({"built": 1}, "is older than what runs"),
    "another-board": ({"boards": ["toaster"]}, "is for toaster"),
}
"""What sets each apart, and the words of the box's refusal."""


def silent_bundle(good: Path, bad: Path, *, key: bytes | None = None, **changes: Any) -> Path:
    """Write to `bad` what `good` brings, but for a root that cannot be mounted; return `bad`.

    `changes` are those of its description; it is signed with `key`, by default the trusted one.
    """
    with good.open("rb") as reading, bad.open("wb") as writing:
        bundle = Bundle(reading, good.name, [bytes.fromhex(trusted_key())])
        boot = bundle.description.parts[0]
        root = Part(name="root", size=len(_ROOT), sha256=sha256(_ROOT).hexdigest())
        worse = msgspec.structs.replace(
            bundle.description, version="bad", parts=[boot, root], **changes
        )
        writing.write(sign(worse, key or signing_key()))
        for block in bundle.blocks(boot):
            writing.write(block)
        writing.write(_ROOT)
    return bad
