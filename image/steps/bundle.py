"""The update: this image's boot and root partitions, signed, as a file for a USB stick."""

import shutil
from pathlib import Path
from typing import Any

from image.steps.configuration import release
from image.steps.keys import signing_key, trusted_key
from image.steps.manifest import sum_of
from image.steps.variant import PROJECT
from image.steps.workshop import Workshop


class UpdateBundle:
    """Step: `neural-synth-VARIANT-VERSION.nsupdate`."""

    name = "update"
    after: tuple[str, ...] = ("root", "boot")
    dated = True

    def inputs(self, shop: Workshop) -> list[Any]:
        """Return what is signed and by whom."""
        return [release(shop), trusted_key(), PROJECT / "appliance/update"]

    def make(self, shop: Workshop, out: Path) -> None:
        """Sign and join."""
        from appliance.update.bundle import (  # noqa: PLC0415 - a plan needs no library
            SUFFIX,
            Description,
            Part,
            sign,
        )

        parts = {"boot": shop["boot"] / "boot.vfat", "root": shop["root"] / "root.squashfs"}
        facts = release(shop)
        description = Description(
            version=facts["version"],
            built=facts["built"],
            boards=[shop.variant.board],
            parts=[
                Part(name=name, size=file.stat().st_size, sha256=sum_of(file))
                for name, file in parts.items()
            ],
        )
        bundle = out / f"neural-synth-{shop.variant.name}-{facts['version']}{SUFFIX}"
        with bundle.open("wb") as writing:
            writing.write(sign(description, signing_key()))
            for file in parts.values():
                with file.open("rb") as reading:
                    shutil.copyfileobj(reading, writing, 1 << 20)
