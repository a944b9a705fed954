"""The whole bench: a card, a machine, what is plugged into it, and what was seen."""

import contextlib
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from image.steps.variant import MEBIBYTE, PROJECT, Variant
from tests.boot import sound
from tests.boot.display import TinyUsbDisplay
from tests.boot.firmware import Firmware
from tests.boot.machine import BootTestError, Machine
from tests.boot.push import Push2

CONFIG = """\
name: Bench
decoders:
  - {model: choir-wave, seed: 1, pan: -0.5}
  - {model: choir-spectral, seed: 3, pan: 0.5}
"""
"""Half the factory's decoders: an emulated processor carries no more on its own time."""
ROOM = 400 * MEBIBYTE
"""How much larger the card is than the image, as real cards are."""
_CLIENT = "from appliance.engine.client import Client as C; c = C(timeout=8.0)"
_PEDALS = (
    "modprobe gpio-sim && cd /sys/kernel/config/gpio-sim && mkdir -p neuro/bank0/line17"
    " neuro/bank0/line27 && echo neuro-sim >neuro/bank0/label && echo 32 >neuro/bank0/num_lines"
    " && echo 1 >neuro/live && for n in 17 27; do echo pull-up >/sys/devices/platform/"
    "$(cat neuro/dev_name)/$(cat neuro/bank0/chip_name)/sim_gpio$n/pull; done"
)
LEFT, RIGHT = 17, 27


class Bench:
    """A card of its own in `folder`, and what happens with it."""

    def __init__(self, variant: Variant, folder: Path) -> None:
        """Copy the image to a larger card and put the owner's configuration on it."""
        folder.mkdir(parents=True, exist_ok=True)
        self.variant, self.folder = variant, folder
        self.card = folder / "card.img"
        image = PROJECT / "build/image" / variant.name / "disk" / f"neural-synth-{variant.name}.img"
        subprocess.run(["cp", "--sparse=always", image, self.card], check=True)
        with self.card.open("r+b") as card:
            card.truncate(image.stat().st_size + ROOM)
        Firmware(self.card, variant).write("selector", "config.yaml", CONFIG.encode())
        self.machine: Machine | None = None
        self.starts = 0
        self.trial_slot = ""
        self.facts: dict[str, Any] = {}

    @property
    def on(self) -> Machine:
        """Return the running machine."""
        assert self.machine is not None, "switch on first"
        return self.machine

    def switch_on(self, extra: str = "") -> None:
        """Give power, with the display on its bus; returns once the guest answers."""
        self.starts += 1
        self.machine = Machine(
            self.variant, self.card, self.folder / f"start-{self.starts}", extra=extra
        )
        self.display = TinyUsbDisplay(self.machine.folder / "display")
        self.push = Push2(self.machine.folder / "push")
        self.machine.until((self.machine.folder / "display").exists, "a USB port", 20)
        self.display.plug()
        self.machine.wait_for_agent()
        self.on.ask(_PEDALS)

    def switch_on_trial(self) -> None:
        """Give power to a slot that is expected to give up by itself."""
        self.starts += 1
        self.machine = Machine(self.variant, self.card, self.folder / f"start-{self.starts}")
        self.trial_slot = self.machine.loaded.slot
        self.machine.wait_for_end(300)

    def switch_off(self) -> None:
        """Take the power away, if there is any."""
        if self.machine is not None and self.machine.running:
            self.machine.cut_power()

    def keep_journal(self) -> None:
        """Keep what the guest's services said, if it still answers."""
        with contextlib.suppress(BootTestError, AssertionError):
            said, _ = self.on.attempt("journalctl --boot --no-pager --lines=400", 60)
            (self.folder / "journal.txt").write_text(said)

    def start(self) -> dict[str, Any]:
        """Return what the engine says of its start."""
        said, _ = self.on.attempt("cat /run/neural-synth/start.json")
        return json.loads(said) if said.startswith("{") else {}

    def wait_for_sound(self) -> None:
        """Wait until the engine plays and something is to be heard."""
        self.on.until(lambda: self.start().get("step") == "ready", "an engine that plays", 600)
        self.on.until(lambda: self.heard() > -60.0, "a sound")

    def status(self) -> dict[str, Any]:
        """Return the engine's status."""
        return json.loads(self.python("import json; print(json.dumps(c.status()))"))

    def python(self, program: str) -> str:
        """Run Python in the guest, with a client `c` of the engine."""
        assert "'" not in program
        return self.on.ask(f"python3 -c '{_CLIENT}; {program}'")

    def heard(self, seconds: float = 0.5) -> float:
        """Return the level of what came last, in dBFS."""
        count = int(seconds * sound.RATE)
        start = max(0, sound.length(self.on.sound) - count)
        return sound.level_db(sound.frames(self.on.sound, start, count))

    def listen(self, seconds: float = 1.5) -> sound.Samples:
        """Return so much sound from now on."""
        count, start = int(seconds * sound.RATE), sound.length(self.on.sound)
        self.on.until(lambda: sound.length(self.on.sound) >= start + count, "more sound", 300)
        return sound.frames(self.on.sound, start, count)

    def tread(self, line: int, seconds: float = 0.15) -> None:
        """Press and release a pedal."""
        self.pedal(line, down=True)
        time.sleep(seconds)
        self.pedal(line, down=False)

    def pedal(self, line: int, *, down: bool) -> None:
        """Hold a pedal down or let it go: the switches pull to ground."""
        pull = "pull-down" if down else "pull-up"
        place = "/sys/devices/platform/gpio-sim.*/gpiochip*"
        self.on.ask(f"for f in {place}/sim_gpio{line}/pull; do echo {pull} >$f; done")

    def picture(self, name: str) -> None:
        """Keep what display and Push show."""
        self.display.display.image().save(self.folder / f"{name}-display.png")
        if self.push.frame:
            self.push.image().save(self.folder / f"{name}-push.png")

    def stick(self, files: dict[str, bytes | Path], name: str = "STICK") -> Path:
        """Make a USB stick with these files."""
        image = self.folder / f"{name.lower()}.img"
        size = sum(f.stat().st_size if isinstance(f, Path) else len(f) for f in files.values())
        with image.open("wb") as opened:
            opened.truncate(size + 24 * MEBIBYTE)
        subprocess.run(["mkfs.vfat", "-n", name, image], check=True, capture_output=True)
        folders = {str(folder) for place in files for folder in Path(place).parents} - {"."}
        for folder in sorted(folders):
            subprocess.run(["mmd", "-i", image, f"::{folder}"], check=True)
        for place, content in files.items():
            source = content if isinstance(content, Path) else self.folder / "stick-file"
            if isinstance(content, bytes):
                source.write_bytes(content)
            subprocess.run(["mcopy", "-i", image, source, f"::{place}"], check=True)
        return image

    def fsck(self) -> str:
        """Check the data partition from outside as it is; return what the checker says."""
        place = self.data_place()
        data = self.folder / "data.ext4"
        with self.card.open("rb") as card, data.open("wb") as copy:
            card.seek(place[0])
            shutil.copyfileobj(card, copy, MEBIBYTE)
            copy.truncate(place[1])
        # The journal is replayed first, as mounting does; after that nothing may be wrong.
        subprocess.run(["e2fsck", "-p", data], capture_output=True, check=False)
        done = subprocess.run(
            ["e2fsck", "-f", "-n", data], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def data_place(self) -> tuple[int, int]:
        """Return start and size of the data partition in bytes, as the card's table has it now."""
        said = subprocess.run(
            ["sfdisk", "--json", self.card], capture_output=True, text=True, check=True
        ).stdout
        data = json.loads(said)["partitiontable"]["partitions"][-1]
        assert data["name"] == "data"
        return data["start"] * 512, data["size"] * 512
