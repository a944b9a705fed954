"""What the owner's files on the first partition open, and that nothing is open without them."""

import subprocess
from pathlib import Path

import pytest

from image.steps.variant import IMAGE

SCRIPT = IMAGE / "root/usr/lib/neural-synth/settings"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("boot", "data/system", "run", "etc/neural-synth"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def doors(root: Path) -> str:
    subprocess.run(["sh", SCRIPT, root], check=True, capture_output=True)
    return (root / "run/neural-synth-doors").read_text().strip()


def test_all_doors_are_shut(root: Path) -> None:
    assert doors(root) == ""


def test_keys_open_ssh_for_these_keys_only(root: Path) -> None:
    (root / "boot/ssh-keys.txt").write_bytes(b"ssh-ed25519 AAAA me\r\n")
    (root / "data/system/ssh").mkdir()
    (root / "data/system/ssh/host_ed25519").write_text("made before")
    assert doors(root) == "ssh.service"
    keys = root / "run/neural-synth-ssh/authorized_keys"
    assert keys.read_bytes() == b"ssh-ed25519 AAAA me\n"
    assert keys.parent.stat().st_mode & 0o77 == 0


def test_a_file_without_a_key_opens_nothing(root: Path) -> None:
    (root / "boot/ssh-keys.txt").write_text("password please\n")
    assert doors(root) == ""


def test_wireless_is_opened_by_its_file(root: Path) -> None:
    (root / "boot/wifi.txt").write_text('network={\n ssid="x"\n psk="12345678"\n}\n')
    assert doors(root) == "wpa_supplicant@wlan0.service systemd-networkd.service"
    file = root / "etc/wpa_supplicant/wpa_supplicant-wlan0.conf"
    assert file.stat().st_mode & 0o77 == 0


@pytest.mark.parametrize(
    ("name", "host"), [("Stage_Left 2", "stage-left-2"), ("ÄÖ", None), ("--x--", "x")]
)
def test_the_boxes_name_is_the_hosts_as_far_as_it_can_be(
    root: Path, name: str, host: str | None
) -> None:
    (root / "boot/config.yaml").write_text(f"name: {name}\n")
    doors(root)
    file = root / "etc/hostname"
    assert (file.read_text().strip() if file.exists() else None) == host
    assert (root / "etc/neural-synth/config.yaml").read_text() == f"name: {name}\n"


def test_ssh_takes_no_password() -> None:
    rules = (IMAGE / "root/etc/ssh/sshd_config.d/box.conf").read_text()
    assert "PasswordAuthentication no" in rules
    assert "KbdInteractiveAuthentication no" in rules
    assert "PermitRootLogin prohibit-password" in rules
