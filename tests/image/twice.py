"""`python -m tests.image.twice VARIANT`: is a card the same when it is built anew elsewhere?

The last commit is checked out beside and built from nothing but the packages that were fetched;
whatever the cache of this checkout holds must make no difference.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from image.steps.keys import KEY, signing_key
from image.steps.manifest import VARIES
from image.steps.variant import PROJECT

CHECKOUT = PROJECT / "build/twice"


def differences(here: dict[str, Any], there: dict[str, Any]) -> list[str]:
    """Return what differs in two manifests and must not."""
    sections = (here.keys() | there.keys()) - VARIES.keys() - {"artefacts"}
    found = [name for name in sections if here.get(name) != there.get(name)]
    if all(here.get(name) == there.get(name) for name in VARIES):
        mine, other = here["artefacts"], there["artefacts"]
        found += [name for name in mine.keys() | other.keys() if mine.get(name) != other.get(name)]
    return sorted(found)


def build(checkout: Path, variant: str) -> dict[str, Any]:
    """Build in a checkout; return its manifest."""
    subprocess.run([sys.executable, checkout / "image/build", variant], check=True)
    manifest = checkout / "build/image" / variant / "manifest/manifest.json"
    return json.loads(manifest.read_text())


def main(variant: str) -> int:
    signing_key()
    os.environ.setdefault(KEY, str(PROJECT / "build/image/update.key"))
    here = build(PROJECT, variant)
    shutil.rmtree(CHECKOUT, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", PROJECT, CHECKOUT], check=True)
    for fetched in ("apt/archives", "native/apt/archives"):
        source = PROJECT / "build/image" / variant / fetched
        if source.is_dir():
            shutil.copytree(source, CHECKOUT / "build/image" / variant / fetched)
    there = build(CHECKOUT, variant)
    found = differences(here, there)
    varied = [name for name in VARIES if here.get(name) != there.get(name)]
    sys.stdout.write(
        f"Differs and must not: {', '.join(found) or 'nothing'}."
        f" Differs as the manifest says: {', '.join(varied) or 'nothing'}.\n"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
