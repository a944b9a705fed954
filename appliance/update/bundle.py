"""An update's file: a signed description, then what goes into the slot's two partitions.

Layout, all numbers little-endian: `NSUPDATE`, 2 bytes version (1), 4 bytes length of the
description, 64 bytes Ed25519 signature over the description, the description (JSON), then the parts
in its order without anything between them. The signature covers the parts through their SHA-256.
"""

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
from msgspec import Meta
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from appliance.errors import UpdateError

MAGIC = b"NSUPDATE"
FORMAT = 1
SUFFIX = ".nsupdate"
_HEADER = struct.Struct("<8sHI64s")
_LONGEST = 1 << 16
BLOCK = 1 << 20

Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of one partition: `name` is "boot" or "root", `size` is in bytes."""

    name: Annotated[str, Meta(pattern="^(boot|root)$")]
    size: Annotated[int, Meta(ge=1, le=1 << 33)]
    sha256: Digest


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a bundle is: for which boards, of which moment, with which parts.

    `built` is the moment of the software's last change in seconds since 1970; it orders versions.
    """

    version: Annotated[str, Meta(min_length=1, max_length=64)]
    built: Annotated[int, Meta(ge=0)]
    boards: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(min_length=1, max_length=16)]
    parts: Annotated[list[Part], Meta(min_length=2, max_length=2)]


def sign(description: Description, key: bytes) -> bytes:
    """Return a bundle's beginning, to be followed by its parts; `key` is 32 secret bytes."""
    text = msgspec.json.encode(description)
    signature = SigningKey(key).sign(text).signature
    return _HEADER.pack(MAGIC, FORMAT, len(text), signature) + text


def public_key(key: bytes) -> bytes:
    """Return the 32 public bytes that belong to 32 secret ones."""
    return bytes(SigningKey(key).verify_key)


class Bundle:
    """An open bundle whose description is signed by a key that the box trusts."""

    def __init__(self, file: BinaryIO, name: str, keys: list[bytes]) -> None:
        """Read and check the beginning of `file`; raises UpdateError, naming the file `name`."""
        self._file = file
        self.name = name
        self.description = self._checked(keys)
        if [part.name for part in self.description.parts] != ["boot", "root"]:
            raise UpdateError(f"{name} must bring a boot and a root part, in this order.")

    def blocks(self, part: Part) -> Iterator[bytes]:
        """Yield the bytes of the next part, to be asked for in order.

        Raises UpdateError at the end if they are not what was signed.
        """
        left, total = part.size, hashlib.sha256()
        while left:
            block = self._file.read(min(BLOCK, left))
            if not block:
                raise UpdateError(f"{self.name} ends within its {part.name} part; copy it anew.")
            total.update(block)
            left -= len(block)
            yield block
        if total.hexdigest() != part.sha256:
            raise UpdateError(f"The {part.name} part of {self.name} is damaged; copy it anew.")

    def _checked(self, keys: list[bytes]) -> Description:
        header = self._file.read(_HEADER.size)
        if len(header) < _HEADER.size or header[:8] != MAGIC:
            raise UpdateError(f"{self.name} is no update: it does not begin with {MAGIC.decode()}.")
        _, form, length, signature = _HEADER.unpack(header)
        if form != FORMAT or length > _LONGEST:
            raise UpdateError(
                f"{self.name} has format {form}; this box reads {FORMAT}. Take an update between."
            )
        text = self._file.read(length)
        for key in keys:
            try:
                VerifyKey(key).verify(text, signature)
                break
            except BadSignatureError:
                continue
        else:
            raise UpdateError(f"{self.name} is not signed by a key that this box trusts.")
        try:
            return msgspec.json.decode(text, type=Description)
        except msgspec.ValidationError as error:
            raise UpdateError(
                f"{self.name} has a description that breaks a rule: {error}"
            ) from error


def trusted_keys(folder: Path) -> list[bytes]:
    """Return the public keys in `folder`: files of 64 hexadecimal digits, ending in .pub."""
    keys: list[bytes] = []
    for file in sorted(folder.glob("*.pub")):
        try:
            keys.append(bytes.fromhex(file.read_text().split()[0]))
        except (OSError, ValueError, IndexError):
            continue  # a key that cannot be read opens nothing
    return [key for key in keys if len(key) == 32]
