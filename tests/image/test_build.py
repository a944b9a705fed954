"""The image's plan: variants, steps, the card's layout, the box's own files."""

import gzip
import itertools
import json
import subprocess
from pathlib import Path

import pytest

from appliance.update.selector import autoboot_text
from image.steps.command import STEPS, plan
from image.steps.configuration import destination, dpkg_status, enable
from image.steps.disk import SLOT_MARK, partitions
from image.steps.kernel import plain_kernel
from image.steps.mirrors import own_mirror
from image.steps.variant import IMAGE, MEBIBYTE, PROJECT, BuildError, read_variant, variant_names
from image.steps.workshop import Workshop


@pytest.mark.parametrize("name", variant_names())
def test_every_variant_has_a_plan(name: str) -> None:
    facts = json.loads(plan(read_variant(name)))
    assert facts["variant"] == name
    assert facts["packages"]
    assert all(line.startswith("deb [signed-by=/usr/share/keyrings/") for line in facts["archives"])


def test_the_boot_test_takes_the_pis_own_image() -> None:
    tested, shipped = (json.loads(plan(read_variant(n))) for n in ("qemu-arm64", "pi5-debian"))
    assert {k: v for k, v in tested.items() if k != "variant"} == {
        k: v for k, v in shipped.items() if k != "variant"
    }


def test_a_mirror_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RASPBERRYPI_MIRROR", "http://mirror.example/pi")
    assert any("http://mirror.example/pi trixie" in a.line for a in read_variant("pi5").archives)


def test_archives_come_from_this_machines_own_mirrors(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text("# deb http://old.example/debian bookworm main\n")
    (tmp_path / "sources.list.d/a.sources").write_text(
        "URIs: https://near.example/debian-security/\nSuites: trixie-security\n"
    )
    (tmp_path / "sources.list.d/b.list").write_text(
        "deb [arch=arm64] http://pi.raspberrypi.example/debian trixie main\n"
        "deb http://near.example/debian trixie main\n"
    )
    own = {a.variable: a.own for a in read_variant("pi5").archives}
    found = {variable: own_mirror(pattern, tmp_path) for variable, pattern in own.items()}
    assert found["RASPBERRYPI_MIRROR"] == "http://pi.raspberrypi.example/debian"
    assert found["DEBIAN_MIRROR"] == "http://near.example/debian"
    assert found["DEBIAN_SECURITY_MIRROR"] == "https://near.example/debian-security"
    assert own_mirror(own["DEBIAN_MIRROR"], tmp_path / "sources.list.d") is None


def test_an_unknown_variant_is_named() -> None:
    with pytest.raises(BuildError, match=r"choose one of .*pi5-debian"):
        read_variant("pi9")


@pytest.mark.parametrize("name", variant_names())
def test_partitions_follow_each_other_aligned(name: str) -> None:
    places = partitions(read_variant(name))
    assert [p.name for p in places] == ["selector", "boot_a", "boot_b", "root_a", "root_b", "data"]
    for before, after in itertools.pairwise(places):
        assert before.start + before.size == after.start
    assert all(place.start % MEBIBYTE == 0 for place in places)


def test_the_shipped_selector_is_what_the_updater_writes() -> None:
    assert (IMAGE / "boot/selector/autoboot.txt").read_text() == autoboot_text("a")
    assert SLOT_MARK == b"neural.slot="


def test_steps_come_after_what_they_need() -> None:
    seen: set[str] = set()
    for step in STEPS:
        assert set(step.after) <= seen
        seen.add(step.name)


def test_a_program_that_fails_is_quoted(tmp_path: Path) -> None:
    shop = Workshop(read_variant("qemu-amd64"), tmp_path)
    with pytest.raises(BuildError, match="cannot stat"):
        shop.call(["cp", tmp_path / "nothing", tmp_path / "there"])
    with pytest.raises(BuildError, match="image-packages"):
        shop.call(["no-such-program"])


def test_kernels_are_unwrapped() -> None:
    image = b"MZ" + bytes(54) + b"ARMd" + bytes(100)
    assert plain_kernel(gzip.compress(image)) == image
    packed = gzip.compress(image)
    zboot = b"MZ\0\0zimg" + (64).to_bytes(4, "little") + len(packed).to_bytes(4, "little")
    zboot = (zboot + bytes(8) + b"gzip").ljust(64, b"\0") + packed + b"rest"
    assert plain_kernel(zboot) == image
    assert plain_kernel(image) == image


def test_units_of_the_box_are_started_where_they_say(tmp_path: Path) -> None:
    units = tmp_path / "usr/lib/systemd/system"
    units.mkdir(parents=True)
    for file in [*(PROJECT / "systemd").glob("*.*"), *(IMAGE / "root").rglob("neural-synth*.*")]:
        if file.suffix in (".service", ".target", ".path"):
            (units / file.name).write_text(file.read_text())
    enable(tmp_path)
    wanted = tmp_path / "etc/systemd/system"
    assert (wanted / "multi-user.target.wants/neural-synth.target").is_symlink()
    assert (wanted / "neural-synth.target.wants/neural-synth-engine.service").is_symlink()
    assert not list(wanted.rglob("*@*"))


def test_shipped_files_have_their_places() -> None:
    places = {
        f.name: str(destination(f.relative_to(PROJECT))) for f in (PROJECT / "systemd").rglob("*")
    }
    assert places["sysusers.conf"] == "usr/lib/sysusers.d/neural-synth.conf"
    assert places["70-neural-synth.rules"] == "usr/lib/udev/rules.d/70-neural-synth.rules"
    assert places["neural-synth.target"] == "usr/lib/systemd/system/neural-synth.target"


def test_packages_are_listed_as_installed(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("Package: one\nVersion: 1\nDescription: x\n more\n")
    assert "Package: one\nStatus: install ok installed\nVersion: 1" in dpkg_status(tmp_path)


def test_the_command_line_says_its_plan() -> None:
    done = subprocess.run(
        [IMAGE / "build", "pi5", "--dry-run"], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["kernel"] == "linux-image-rpi-2712"
