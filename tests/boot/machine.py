"""One machine in QEMU: power, a way to ask the guest, and ports to plug devices into.

Time in the guest follows its own instructions (`-icount`): a guest that computes slowly on this
machine is not late by its own clock, so that real-time sound can be judged in an emulation.
"""

import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from image.steps.variant import Variant
from tests.boot.firmware import Firmware, Loaded

_AGENT = Path(__file__).with_name("agent.py")
_UNIT = """[Unit]
Description=bench agent
DefaultDependencies=no
[Service]
LoadCredential=bench.agent
ExecStart=/usr/bin/python3 -u %d/bench.agent
Restart=always
"""
_RULE = (
    'SUBSYSTEM=="virtio-ports", ATTR{name}=="bench", SYMLINK+="virtio-ports/bench",'
    ' TAG+="systemd", ENV{SYSTEMD_WANTS}+="b.service"\n'
)
_MACHINES = {
    "amd64": ["qemu-system-x86_64", "-machine", "q35", "-cpu", "max"],
    "arm64": ["qemu-system-aarch64", "-machine", "virt", "-cpu", "cortex-a76"],
}
_CONSOLES = {"amd64": "console=ttyS0", "arm64": "console=ttyAMA0"}
_CREDENTIALS = "opt/io.systemd.credentials"
_TICKS = os.sysconf("SC_CLK_TCK")


class BootTestError(Exception):
    """The guest did not do in time what it should; one sentence and the end of its console."""


class Machine:
    """A powered-on guest; the card's image is written to, as a card is."""

    def __init__(
        self,
        variant: Variant,
        card: Path,
        folder: Path,
        *,
        extra: str = "",
        memory: int = 1024,
        icount: bool = True,
    ) -> None:
        """Switch on: firmware, then QEMU with the kernel it chose; `folder` holds sockets, logs."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.firmware = Firmware(card, variant)
        self.loaded: Loaded = self.firmware.load(folder)
        self.sound, self.console = folder / "sound.wav", folder / "console.log"
        for name, text in (("unit", _UNIT), ("rule", _RULE)):
            (folder / name).write_text(text)
        line = f"{self.loaded.command_line} {_CONSOLES[variant.arch]} {extra}"
        command = [
            *_MACHINES[variant.arch],
            # Counted time is one for all processors, and a guest's scheduler does not know it.
            "-smp",
            "1",
            "-m",
            str(memory),
            "-nic",
            "none",
            "-nographic",
            "-no-reboot",
            "-monitor",
            "none",
            "-kernel",
            self.loaded.kernel,
            "-initrd",
            self.loaded.initramfs,
            "-append",
            line,
            "-drive",
            f"file={card},if=virtio,format=raw,cache=unsafe",
            "-device",
            "qemu-xhci,id=xhci",
            "-audiodev",
            f"wav,id=sound,path={self.sound},out.frequency=48000",
            "-device",
            "usb-audio,audiodev=sound,bus=xhci.0,id=card",
            "-serial",
            f"file:{self.console}",
            "-qmp",
            self._socket_option("qmp"),
            "-device",
            "virtio-serial-pci",
            "-chardev",
            f"socket,id=bench,path={folder}/bench,server=on,wait=off",
            "-device",
            "virtserialport,chardev=bench,name=bench",
            "-accel",
            "tcg,thread=single" if icount else "tcg,thread=multi",
            *(["-icount", "shift=0,sleep=on"] if icount else []),
        ]
        for name in ("push", "display"):
            command += [
                "-chardev",
                f"socket,id={name},path={folder}/{name},server=on,wait=off",
                "-device",
                f"usb-redir,chardev={name},bus=xhci.0",
            ]
        for name, file in (("systemd.extra-unit.b.service", "unit"), ("udev.rules.b", "rule")):
            command += ["-fw_cfg", f"name={_CREDENTIALS}/{name},file={folder}/{file}"]
        command += ["-fw_cfg", f"name={_CREDENTIALS}/bench.agent,file={_AGENT}"]
        self._log = (folder / "qemu.log").open("w")
        self._process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._bench: socket.socket | None = None
        self._qmp: socket.socket | None = None
        self._begun = time.monotonic()

    def _socket_option(self, name: str) -> str:
        return f"unix:{self.folder}/{name},server=on,wait=off"

    @property
    def running(self) -> bool:
        """Return whether the power is on."""
        return self._process.poll() is None

    @property
    def cpu_seconds(self) -> float:
        """Return the processor seconds that QEMU has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def age(self) -> float:
        """Return the seconds since power-on, but for those in which this machine let QEMU wait."""
        waits = Path(f"/proc/{self._process.pid}/task").glob("*/schedstat")
        waited = max((int(wait.read_text().split()[1]) for wait in waits), default=0)
        return time.monotonic() - self._begun - waited / 1e9

    def cut_power(self) -> None:
        """Take the power away at once."""
        self._process.kill()
        self._process.wait()
        self._log.close()

    def wait_for_end(self, seconds: float = 240.0) -> None:
        """Wait until the guest has switched itself off or started anew."""
        end = self.age + seconds
        while self.running:
            if self.age > end:
                self.cut_power()
                raise self.error("The guest did not end")
            time.sleep(0.3)
        self._log.close()

    def wait_for_agent(self, seconds: float = 400.0) -> None:
        """Wait until the guest answers."""
        self._bench = self._connect("bench")
        try:
            said = self._receive(seconds)
        except OSError:
            raise self.error("The guest's agent did not start") from None
        assert said.endswith("ready"), said

    def ask(self, command: str, seconds: float = 300.0) -> str:
        """Run a shell command in the guest; return what it printed. A failure is an error."""
        said, status = self.attempt(command, seconds)
        if status:
            raise self.error(f"In the guest {command!r} ended with {status}: {said[-2000:]}")
        return said

    def attempt(self, command: str, seconds: float = 300.0) -> tuple[str, int]:
        """Run a shell command in the guest; return what it printed and its status."""
        assert self._bench is not None, "wait_for_agent first"
        assert "\n" not in command
        try:
            self._bench.sendall(command.encode() + b"\n")
            said, _, status = self._receive(seconds).rpartition("\nstatus=")
        except OSError:
            raise self.error(f"The guest did not answer to {command!r}") from None
        return said, int(status)

    def until(self, question: Callable[[], Any], what: str, seconds: float = 240.0) -> Any:
        """Return the first true answer to `question`; an error if there is none in time."""
        end = self.age + seconds
        while self.age < end:
            if not self.running:
                raise self.error(f"The power went off before {what}")
            if answer := question():
                return answer
            time.sleep(0.3)
        raise self.error(f"In {seconds:.0f} s there was not {what}")

    def qmp(self, command: str, **arguments: Any) -> Any:
        """Give QEMU itself an order; keys' underscores stand for hyphens."""
        if self._qmp is None:
            self._qmp = self._connect("qmp")
            self._qmp.settimeout(60)
            self._qmp_stream = self._qmp.makefile("rw")
            self._qmp_stream.readline()
            self.qmp("qmp_capabilities")
        words = {key.replace("_", "-"): value for key, value in arguments.items()}
        order = {"execute": command.replace("device-", "device_"), "arguments": words}
        self._qmp_stream.write(json.dumps(order) + "\n")
        self._qmp_stream.flush()
        while True:
            answer = json.loads(self._qmp_stream.readline())
            if "error" in answer:
                raise self.error(f"QEMU refuses {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def plug_stick(self, image: Path) -> None:
        """Plug a USB stick with this image in."""
        file = {"driver": "file", "filename": str(image)}
        self.qmp("blockdev-add", driver="raw", node_name="stick", file=file)
        self.qmp(
            "device_add",
            driver="usb-storage",
            id="stick",
            drive="stick",
            bus="xhci.0",
            removable=True,
        )

    def pull_stick(self) -> None:
        """Pull the stick out."""
        self.qmp("device_del", id="stick")
        time.sleep(2.0)
        self.qmp("blockdev-del", node_name="stick")

    def error(self, sentence: str) -> BootTestError:
        """Return an error that shows the end of the console."""
        text = self.console.read_text(errors="replace")[-2500:] if self.console.exists() else ""
        said = (self.folder / "qemu.log").read_text(errors="replace")[-500:]
        return BootTestError(f"{sentence}; the console ends with:\n{text}\n{said}")

    def _receive(self, seconds: float) -> str:
        assert self._bench is not None
        end = self.age + seconds
        self._bench.settimeout(1.0)
        data = bytearray()
        while not data.endswith(b"\0"):
            try:
                part = self._bench.recv(65536)
            except TimeoutError:
                if self.age > end:
                    raise
                continue
            if not part:
                raise ConnectionError
            data += part
        return data[:-1].decode(errors="replace")

    def _connect(self, name: str) -> socket.socket:
        end = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                opened = socket.socket(socket.AF_UNIX)
                opened.connect(str(self.folder / name))
                return opened
            if time.monotonic() > end or not self.running:
                raise self.error(f"QEMU did not open its {name} socket")
            time.sleep(0.1)
