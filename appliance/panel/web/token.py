"""The word that lets a browser in from elsewhere."""

import contextlib
import secrets
from pathlib import Path

from appliance.storage import make_folder, write_file

FILE = "web-token"
_LEAST = 8


def token_in(folder: Path) -> str:
    """Return the token kept in `folder`, made now if there is none; raises OSError."""
    file = folder / FILE
    with contextlib.suppress(OSError, UnicodeDecodeError):
        kept = file.read_text(encoding="ascii").strip()
        if len(kept) >= _LEAST:
            return kept
    token = secrets.token_urlsafe(12)
    make_folder(folder)
    write_file(file, f"{token}\n".encode())
    file.chmod(0o600)
    return token
