"""The privileged half: it waits for a word, and never longer than it may."""

import os
import pwd
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance.errors import DeviceError
from appliance.panel.usb import mount

USER = pwd.getpwuid(os.getuid())


def started(code: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def test_a_visit_that_hangs_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mount, "SECONDS", 0.3)
    with started("import time; time.sleep(60)") as process:
        try:
            began = time.monotonic()
            with pytest.raises(DeviceError, match="is left alone"):
                mount._listen(process, Path("/nowhere"), "vfat", USER)
            assert time.monotonic() - began < 30
        finally:
            process.kill()


@pytest.mark.parametrize(("code", "answer"), [(0, "ok"), (32, "no")])
def test_the_stick_is_made_writable_only_when_asked_for(
    code: int, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[str, ...]] = []

    def run(*command: str) -> tuple[int, str]:
        ran.append(command)
        return code, ""

    monkeypatch.setattr(mount, "_run", run)
    monkeypatch.setattr(mount, "SECONDS", 30.0)
    asks = f"import sys; print('write', flush=True); sys.exit(input() != {answer!r})"
    with started(asks) as process:
        assert mount._listen(process, Path("/stick"), "vfat", USER) == 0
    [command] = ran
    assert command[:2] == ("mount", "-o")
    assert command[2].startswith("remount,rw,nosuid,nodev,noexec,")
    assert command[3] == "/stick"


def test_without_a_word_it_stays_read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mount, "_run", lambda *_: pytest.fail("mounted again"))
    with started("print('writing about it'); raise SystemExit(3)") as process:
        assert mount._listen(process, Path("/stick"), "vfat", USER) == 3
