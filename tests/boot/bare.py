"""The same card without the instrument: what the bare system's start costs, for comparison."""

from collections.abc import Callable
from pathlib import Path

from image.steps.variant import IMAGE, PROJECT
from tests.boot.bench import Bench
from tests.boot.machine import Machine


def units() -> list[str]:
    """Return every unit by which the image differs from its packages, the target first."""
    folders = (PROJECT / "systemd", IMAGE / "root/usr/lib/systemd/system")
    names = {file.name for folder in folders for file in folder.glob("neural-synth*.*")}
    return sorted(names, key=lambda name: (Path(name).suffix != ".target", name))


def command_line() -> str:
    """Return what the kernel is told so that systemd starts none of them, nor the bench's agent.

    Kernel, initramfs, packages and all that spares the box time at its start stay as they are.
    """
    return " ".join(f"systemd.mask={unit}" for unit in [*units(), "b.service"])


def bare(bench: Bench, say: Callable[[str], None]) -> None:
    """From power-on to the login on the console, with nothing of the instrument started."""
    machine = Machine(bench.variant, bench.card, bench.folder / "bare", extra=command_line())
    bench.machine = machine
    machine.until(
        lambda: machine.console.exists() and b" login:" in machine.console.read_bytes(),
        "a login on the console",
        400,
    )
    bench.facts["CPU seconds from power-on to the bare system's login"] = machine.cpu_seconds
    say(f"the bare system asks for a login after {machine.cpu_seconds:.0f} CPU s")
    bench.switch_off()
