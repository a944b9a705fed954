"""The service manager hears what it asked for, and nothing can stop the sound over it."""

import os
import socket
from pathlib import Path

import pytest

from appliance.notify import ServiceManager
from appliance.start_up import StartReport, held_at_power_on, note_held, read_start


@pytest.fixture
def manager(tmp_path: Path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(1)
        yield heard, {"NOTIFY_SOCKET": str(tmp_path / "notify")}


def test_it_hears_each_message(manager: tuple[socket.socket, dict[str, str]]) -> None:
    heard, environment = manager
    told = ServiceManager(environment)
    assert told.listens
    told.ready()
    told.status("two\nlines")
    told.alive()
    told.stopping()
    said = [heard.recv(100) for _ in range(4)]
    assert said == [b"READY=1", b"STATUS=two lines", b"WATCHDOG=1", b"STOPPING=1"]


def test_an_abstract_socket_is_one_too() -> None:
    name = f"neural-synth-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind("\0" + name)
        heard.settimeout(1)
        ServiceManager({"NOTIFY_SOCKET": "@" + name}).ready()
        assert heard.recv(100) == b"READY=1"


def test_nobody_need_listen(tmp_path: Path) -> None:
    for environment in ({}, {"NOTIFY_SOCKET": str(tmp_path / "gone")}):
        told = ServiceManager(environment)
        told.ready()
        told.alive()
    assert not ServiceManager({}).listens


def test_a_manager_that_no_longer_reads_does_not_hold_the_engine_up(
    manager: tuple[socket.socket, dict[str, str]],
) -> None:
    told = ServiceManager(manager[1])
    for _ in range(5000):
        told.alive()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_ours_or_not(environment: dict[str, str], seconds: float | None) -> None:
    assert ServiceManager(environment).watchdog_seconds == seconds


def test_the_start_is_read_as_it_was_told(tmp_path: Path) -> None:
    assert read_start(tmp_path) is None
    with StartReport(ServiceManager({}), tmp_path) as report:
        report.say("models", "choir-wave", done=2, total=4)
        told = read_start(tmp_path)
        assert told is not None
        assert (told.step, told.text, told.done, told.total) == ("models", "choir-wave", 2, 4)
    told = read_start(tmp_path)
    assert told is not None
    assert told.step == "ended"
    with pytest.raises(ValueError, match="no card"), StartReport(ServiceManager({}), tmp_path):
        raise ValueError("no card")
    told = read_start(tmp_path)
    assert told is not None
    assert (told.step, told.text) == ("failed", "no card")


def test_a_damaged_report_is_none(tmp_path: Path) -> None:
    (tmp_path / "start.json").write_bytes(b'{"step":"nowhere"}')
    assert read_start(tmp_path) is None


def test_a_box_without_a_runtime_folder_starts_all_the_same(tmp_path: Path) -> None:
    StartReport(ServiceManager({}), tmp_path / "absent").say("ready")
    assert read_start(tmp_path / "absent") is None


def test_what_was_held_is_remembered_until_the_power_goes(tmp_path: Path) -> None:
    assert held_at_power_on(tmp_path) == "none"
    note_held("both", tmp_path)
    assert held_at_power_on(tmp_path) == "both"
    (tmp_path / "held").write_text("everything")
    assert held_at_power_on(tmp_path) == "none"
