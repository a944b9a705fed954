"""What the box must do, in acts; each is a sequence that ends with the first thing amiss."""

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from image.steps.variant import PROJECT
from tests.boot import sound
from tests.boot.bare import bare
from tests.boot.bench import RIGHT, Bench
from tests.boot.sabotage import REFUSED, silent_bundle

PRESET = """\
format: 1
name: From a stick
parameters:
  /oscillators/1/waveform: sine
  /oscillators/1/frequency: 0.7
  /offset/1/value: 0.9
  /offset/2/value: -0.9
"""
SLOT = 12
"""Where the stick's preset goes, by its file's name: the factory's bank has no free slot."""
SESSION = 51
"""The button that makes pads presets, by its controller."""
TOP_LEFT = 92
"""The note of the pad for the first preset."""
FIRST_SAVED, SAVED = 40, 20
"""The slots that presets are saved to when the power is cut."""
AUDIBLE_DB = -60.0
CHANGED_DB = 1.0
"""A sound counts as another one when its 24 bands differ by so much on average."""
RESTART_SECONDS = 3.0
GUEST_RATE, BOARD_RATE = 1.0e9, 2.4e9
"""Instructions a second: the guest's by definition, a Raspberry Pi 5's at one a clock."""
SAVED_WITHIN = 3
"""Seconds of the guest; the sound that a start takes up again is saved a second after a recall."""
BARE_FACTOR = 2.0
SERVICES = ("board", "engine", "panel", "imports", "safe")
"""What makes an instrument of the system."""

Say = Callable[[str], None]


def play(bench: Bench, say: Say) -> None:
    """From power-on to an instrument that is played, torn at, and plays on."""
    bench.switch_on()
    machine = bench.on
    machine.until(lambda: bench.display.display.writes > 1, "a picture on the display", 400)
    bench.picture("1-start")
    bench.wait_for_sound()
    bench.facts["CPU seconds from power-on to the first sound"] = round(machine.cpu_seconds, 1)
    say(f"sounds after {machine.cpu_seconds:.0f} CPU s of this machine")
    playing = _entered(bench, "neural-synth-engine.service")
    _rules(bench, say)
    _pedals(bench, say)
    _crash(bench, say)
    _bare(bench, playing, say)


def push(bench: Bench, say: Say) -> None:
    """A concert: a Push comes and is played, pedal, stick, the Push is torn out, a crash."""
    bench.switch_on()
    bench.wait_for_sound()
    _push(bench, say)
    _pedals(bench, say)
    _stick(bench, say)
    _replug(bench, say)
    _crash(bench, say)


def _rules(bench: Bench, say: Say) -> None:
    """No failed unit, no listener but on loopback, no password, a root that cannot be written."""
    machine = bench.on
    machine.until(
        lambda: (
            "running" in machine.attempt("systemctl is-system-running")[0]
            or "0 jobs" in machine.attempt("systemctl list-jobs")[0]
            or "No jobs" in machine.attempt("systemctl list-jobs")[0]
        ),
        "an end of the start",
        400,
    )
    failed = machine.ask("systemctl --failed --no-legend --plain || true").strip()
    assert not failed, failed
    listening = [
        line
        for line in machine.ask("ss -H -l -n -t -u -w").splitlines()
        if "127.0.0.1:" not in line and "[::1]:" not in line
    ]
    assert not listening, listening
    assert not machine.ask("cut -d: -f2 /etc/shadow | grep -v '^[*!]' || true").strip()
    assert "lowerdir=/ro," in machine.ask("grep '^root / overlay' /proc/mounts")
    machine.until(
        lambda: int(machine.ask("df -m --output=size /data | tail -n 1")) > 300,
        "a data partition that fills the card",
    )
    machine.ask("test ! -e /sys/block/zram0 && test $(wc -l </proc/swaps) = 1")
    say("no failed unit, nothing listens but loopback, no password, the data fill the card")


def _entered(bench: Bench, unit: str) -> float:
    """Return when `unit` became active, in seconds of the guest since its kernel began."""
    stamp = bench.on.ask(f"systemctl show {unit} --property=ActiveEnterTimestampMonotonic --value")
    return int(stamp) / 1e6


def _bare(bench: Bench, playing: float, say: Say) -> None:
    """The same system without the instrument: it is up not much sooner than the box plays."""
    bench.switch_off()
    bench.switch_on(" ".join(f"systemd.mask=neural-synth-{name}.service" for name in SERVICES))
    up = bench.on.until(lambda: _entered(bench, "multi-user.target"), "a bare system", 400)
    bench.facts["seconds of the guest to an engine that plays, and to a bare system"] = [
        round(playing, 1),
        round(up, 1),
    ]
    assert playing <= BARE_FACTOR * up, (playing, up)
    say(f"plays at {playing:.1f} s of the guest; without the instrument it is up at {up:.1f} s")


def _push(bench: Bench, say: Say) -> None:
    """A Push is plugged in, lights up, and its pad recalls another preset."""
    bench.push.plug()
    bench.on.until(lambda: sum(map(bool, bench.push.leds.values())) > 8, "LEDs on the Push", 300)
    bench.on.until(lambda: bench.push.frames > 2, "pictures on the Push", 300)
    bench.picture("2-push")
    bench.push.click(SESSION)
    bench.on.until(lambda: bench.push.leds.get(("control", SESSION)) == 127, "pads as presets")
    difference = _recall(bench, 3)
    bench.picture("3-recalled")
    say(f"a pad recalls another preset: its sound differs by {difference:.1f} dB")


def _recall(bench: Bench, slot: int) -> float:
    """Press the pad of preset `slot`, one of the choir's; return how far the sounds lie apart."""
    before = bench.listen()
    bench.push.strike(TOP_LEFT + slot - 1)
    bench.on.until(lambda: bench.status()["presets"]["current"] == slot, f"preset {slot}")
    after = bench.listen()
    difference = sound.difference_db(before, after)
    assert difference > CHANGED_DB, difference
    assert sound.level_db(after) > AUDIBLE_DB, f"preset {slot} is silent"
    return difference


def _pedals(bench: Bench, say: Say) -> None:
    """The right footswitch goes to the next preset."""
    slot = bench.status()["presets"]["current"]
    time.sleep(2.0)
    bench.tread(RIGHT)
    now = bench.on.until(
        lambda: (s := bench.status()["presets"]["current"]) != slot and s, "the next preset"
    )
    bench.on.until(lambda: bench.heard() > AUDIBLE_DB, "a sound")
    bench.picture("4-pedal")
    say(f"the footswitch goes from preset {slot} to {now}")


def _stick(bench: Bench, say: Say) -> None:
    """A stick brings a preset, which plays."""
    image = bench.stick({f"neural-synth/presets/{SLOT}-from-a-stick.yaml": PRESET.encode()})
    bench.on.plug_stick(image)
    visit = bench.on.until(
        lambda: (said := _visit(bench)).get("stage") == "done" and said,
        "a stick that is taken in",
        900,
    )
    assert visit["lines"][0] == "1 new", visit
    bench.picture("5-stick")
    bench.on.pull_stick()
    before = bench.listen()
    bench.python(f'c.send("/preset/recall", {SLOT})')
    bench.on.until(
        lambda: bench.status()["presets"]["name"] == "From a stick", "the stick's preset"
    )
    difference = sound.difference_db(before, bench.listen())
    assert difference > CHANGED_DB, difference
    assert bench.heard() > AUDIBLE_DB
    say(f"a stick's preset lies in slot {SLOT} and plays: it differs by {difference:.1f} dB")


def _visit(bench: Bench) -> dict[str, Any]:
    """Return what the box says of a stick's visit, nothing before there is one."""
    said, _ = bench.on.attempt("cat /run/neural-synth/stick.json")
    return json.loads(said) if said.startswith("{") else {}


def _replug(bench: Bench, say: Say) -> None:
    """The Push is torn out and put back; the sound does not care."""
    bench.push.unplug()
    bench.on.until(
        lambda: "2982" not in bench.on.ask("cat /proc/asound/card*/usbid || true"), "no Push"
    )
    assert sound.level_db(bench.listen(1.0)) > AUDIBLE_DB
    bench.push.leds.clear()
    frames = bench.push.frames
    bench.push.plug()
    bench.on.until(lambda: sum(map(bool, bench.push.leds.values())) > 8, "LEDs again", 300)
    bench.on.until(lambda: bench.push.frames > frames + 1, "pictures again", 300)
    # What its buttons had chosen is the surface's and outlives the Push.
    _recall(bench, 2)
    bench.picture("6-again")
    say("the Push is torn out and put back; it shows all again, and its pads play")


def _crash(bench: Bench, say: Say) -> None:
    """The engine is killed: it is back with the same preset, soon by the guest's own clock."""
    preset = bench.status()["presets"]["current"]
    bench.on.ask(f"sleep {SAVED_WITHIN}")
    stamps = bench.on.ask(
        "rm -f /run/neural-synth/start.json; systemctl kill -s KILL neural-synth-engine;"
        " a=$(cut -d' ' -f1 /proc/uptime); until grep -qs ready /run/neural-synth/start.json;"
        " do sleep 0.05; done; b=$(cut -d' ' -f1 /proc/uptime); echo $a $b",
        400,
    )
    begun, ended = (float(word) for word in stamps.split()[-2:])
    bench.on.until(lambda: bench.heard() > AUDIBLE_DB, "a sound")
    assert bench.status()["presets"]["current"] == preset
    took = ended - begun
    bench.facts["seconds of the guest from a killed engine to a playing one"] = round(took, 2)
    board = took * GUEST_RATE / BOARD_RATE
    assert board <= RESTART_SECONDS, took
    say(
        f"the killed engine plays again after {took:.1f} s of the guest"
        f" ({board:.1f} s at a board's rate), same preset"
    )


def cut(bench: Bench, say: Say, cuts: int = 1) -> None:
    """The power is cut at random while presets are saved: the box starts, the bank is whole."""
    for number in range(1, cuts + 1):
        bench.switch_on()
        bench.wait_for_sound()
        _intact(bench, number - 1)
        saving = (
            f'import time; [(c.send("/preset/store", {FIRST_SAVED} + n % {SAVED}, "Cut {number}"),'
            " time.sleep(0.05)) for n in range(10**6)]"
        )
        bench.on.ask(f"setsid python3 -c '{_client(saving)}' >/dev/null 2>&1 &")
        bench.on.until(lambda n=number: _saved(bench, n), "a saved preset")
        moment = random.uniform(1.0, 10.0)  # noqa: S311
        time.sleep(moment)
        bench.on.cut_power()
        bench.fsck()
        say(f"power cut {number} of {cuts}, {moment:.1f} s into the saving: the data are clean")
    bench.switch_on()
    bench.wait_for_sound()
    _intact(bench, cuts)
    for slot in (1, FIRST_SAVED, FIRST_SAVED + SAVED - 1, 64):
        bench.python(f'c.send("/preset/recall", {slot})')
        bench.on.until(lambda s=slot: bench.status()["presets"]["current"] == s, f"preset {slot}")
    bench.switch_off()
    say("all presets are whole")


def _intact(bench: Bench, cut: int) -> None:
    """Nothing is amiss with the bank, and what was saved before a cut (from 1) is there."""
    presets = bench.status()["presets"]
    assert not presets["problems"], presets["problems"]
    assert len(presets["filled"]) == 64, presets["filled"]
    assert not cut or _saved(bench, cut), f"nothing saved before cut {cut} is there"


def _saved(bench: Bench, cut: int) -> int:
    """Return how many presets on the disk were saved before that cut."""
    found = f"grep -lsx 'name: \"Cut {cut}\"' /var/lib/neural-synth/presets/bank/*.yaml"
    return len(bench.on.attempt(found)[0].split())


def _client(program: str) -> str:
    return f"from appliance.engine.client import Client as C; c = C(); {program}"


def update(bench: Bench, say: Say) -> None:
    """An update is tried and kept, data stay; some are refused, a bad one goes back by itself."""
    folder = PROJECT / "build/image" / bench.variant.name / "update"
    bundle = next(folder.glob("*.nsupdate"))
    bench.switch_on()
    bench.wait_for_sound()
    bench.on.ask("echo mine >/var/lib/neural-synth/mine.txt; sync")
    for name in REFUSED:
        _refuse(bench, bundle, name, say)
    _install(bench, bundle, say)
    bench.switch_on()
    assert bench.on.loaded.slot == "b"
    bench.wait_for_sound()
    bench.on.until(
        lambda: "boot_partition=3\n[tryboot]" in bench.on.ask("cat /boot/autoboot.txt"),
        "the new slot being kept",
        600,
    )
    assert bench.on.ask("cat /var/lib/neural-synth/mine.txt").strip() == "mine"
    say("the update plays from slot b and is kept; the player's files are there")
    bad = silent_bundle(bundle, bench.folder / "bad.nsupdate")
    _install(bench, bad, say)
    bench.switch_on_trial()
    say(f"the bad update ended by itself in slot {bench.trial_slot}")
    bench.switch_on()
    assert bench.on.loaded.slot == "b"
    bench.wait_for_sound()
    assert bench.on.ask("cat /var/lib/neural-synth/mine.txt").strip() == "mine"
    bench.switch_off()
    say("the box plays from slot b again")


def _refuse(bench: Bench, bundle: Path, name: str, say: Say) -> None:
    """Plug in a stick with an update that the box must not take; it says why and plays on."""
    changes, words = REFUSED[name]
    bad = silent_bundle(bundle, bench.folder / f"{name}.nsupdate", **changes)
    bench.on.plug_stick(bench.stick({bad.name: bad}, "REFUSED"))
    told = "journalctl --boot --no-pager --output=cat --unit='neural-synth-update@*'"
    said = bench.on.until(
        lambda: next((s for s in bench.on.attempt(told)[0].splitlines() if words in s), None),
        f"a refusal of {bad.name}",
        400,
    )
    bench.on.pull_stick()
    assert bench.heard() > AUDIBLE_DB
    say(f"refused: {said.strip()}")


def _install(bench: Bench, bundle: Path, say: Say) -> None:
    """Plug in a stick with an update and wait until the box starts anew by itself."""
    bench.on.plug_stick(bench.stick({bundle.name: bundle}, "UPDATE"))
    bench.on.until(
        lambda: _visit(bench).get("stage") == "writing",
        "an update being written",
        400,
    )
    bench.picture(f"update-{bench.starts}")
    bench.on.wait_for_end(900)
    say(f"{bundle.name} is written beside; the box starts anew")


ACTS: dict[str, Callable[[Bench, Say], None]] = {
    "bare": bare,
    "play": play,
    "push": push,
    "cut": cut,
    "update": update,
}
