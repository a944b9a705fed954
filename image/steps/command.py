"""`image/build VARIANT`: the command line."""

import argparse
import json
import os
import sys
import time

from image.steps.application import Application, Bytecode
from image.steps.archives import Archives
from image.steps.bundle import UpdateBundle
from image.steps.configuration import Configuration
from image.steps.debian import Packages
from image.steps.disk import Boot, Disk, Download, Root
from image.steps.initramfs import Initramfs
from image.steps.kernel import Kernel
from image.steps.manifest import Manifest
from image.steps.variant import BuildError, Variant, read_variant, variant_names
from image.steps.workshop import Step, Workshop, is_changed

STEPS: tuple[Step, ...] = (
    Archives(),
    Packages(),
    Kernel(),
    Initramfs(),
    Application(),
    Bytecode(),
    Configuration(),
    Root(),
    Boot(),
    Disk(),
    Download(),
    Manifest(),
    UpdateBundle(),
)

_DAY = 86_400


def main(words: list[str]) -> int:
    """Build a variant; return 0, or 1 after one sentence of what went wrong."""
    parser = argparse.ArgumentParser(prog="image/build", description="Build the box's image.")
    parser.add_argument("variant", choices=variant_names())
    parser.add_argument("--dry-run", action="store_true", help="print the plan, fetch nothing")
    parser.add_argument("--until", choices=[step.name for step in STEPS], help="stop after a step")
    parser.add_argument(
        "--same-packages", action="store_true", help="of the last build, though a day has passed"
    )
    options = parser.parse_args(words)
    variant = read_variant(options.variant)
    if options.dry_run:
        sys.stdout.write(plan(variant))
        return 0
    if os.geteuid() != 0:
        sys.stderr.write("image/build gives files their owners: run it as root, or with sudo.\n")
        return 1
    os.umask(0o022)
    try:
        _build(variant, options.until, same_packages=options.same_packages)
    except BuildError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    return 0


def plan(variant: Variant) -> str:
    """Return what a build of `variant` would do."""
    facts = {
        "variant": variant.name,
        "board": variant.board,
        "architecture": variant.arch,
        "archives": [archive.line for archive in variant.archives],
        "kernel": variant.kernel,
        "device trees": list(variant.device_trees),
        "importer with torch": variant.importer,
        "packages": list(variant.packages),
        "wheels": list(variant.wheels),
        "partitions in MiB": variant.sizes,
        "steps": [step.name for step in STEPS],
    }
    return json.dumps(facts, indent=2) + "\n"


def _build(variant: Variant, until: str | None, *, same_packages: bool) -> None:
    # Asked once, at the begin: a version must not change under a build.
    is_changed()
    shop = Workshop(variant)
    begun = time.monotonic()
    choice = shop.stamp("archives")
    if choice.is_file() and time.time() - choice.stat().st_mtime > _DAY and not same_packages:
        choice.unlink()
    for step in STEPS:
        record = shop.run(step)
        done = "kept" if record.kept else f"{record.seconds:6.1f} s"
        sys.stdout.write(f"{step.name:14} {done}\n")
        sys.stdout.flush()
        if step.name == until:
            return
    sys.stdout.write(f"{next(shop['disk'].glob('*.img'))}: {time.monotonic() - begun:.0f} s\n")
