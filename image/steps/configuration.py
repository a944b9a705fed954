"""The box's own files, its units, and what Debian's maintainer scripts would have set up."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

from image.steps.accounts import read_accounts
from image.steps.keys import trusted_key
from image.steps.variant import IMAGE, PROJECT
from image.steps.workshop import Workshop, commit, is_changed

_ALTERNATIVES = {
    "usr/bin/awk": "mawk",
    "usr/lib/{triplet}/libblas.so.3": "blas/libblas.so.3",
    "usr/lib/{triplet}/liblapack.so.3": "lapack/liblapack.so.3",
}
_COPIES = {
    "etc/nsswitch.conf": "usr/share/libc-bin/nsswitch.conf",
    "etc/profile": "usr/share/base-files/profile",
    "etc/ssh/sshd_config": "usr/share/openssh/sshd_config",
}
_NEVER = (
    "usr/lib/systemd/system-generators/systemd-ssh-generator",
    "usr/lib/systemd/system-generators/systemd-gpt-auto-generator",
    "usr/lib/systemd/system-generators/systemd-hibernate-resume-generator",
    "usr/lib/systemd/system-generators/systemd-sysv-generator",
    "usr/lib/systemd/system-generators/systemd-tpm2-generator",
    "usr/lib/udev/rules.d/90-alsa-restore.rules",
)
"""A door for virtual machines, a hunt for partitions, and what else no box needs."""
_MASKED = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
    "systemd-tmpfiles-clean.timer",
    "systemd-firstboot.service",
    "systemd-sysusers.service",
    "systemd-hwdb-update.service",
    "systemd-update-done.service",
    "systemd-journal-catalog-update.service",
    "systemd-machine-id-commit.service",
    "systemd-ask-password-wall.path",
    "systemd-ask-password-console.path",
    "ldconfig.service",
    "systemd-binfmt.service",
    "proc-sys-fs-binfmt_misc.automount",
    "systemd-pcrphase.service",
    "systemd-pcrphase-sysinit.service",
    "systemd-pcrmachine.service",
    "systemd-tpm2-setup.service",
    "systemd-tpm2-setup-early.service",
    "systemd-hibernate-clear.service",
    "systemd-rfkill.socket",
    "systemd-initctl.socket",
    "systemd-pcrextend.socket",
    "systemd-pcrlock.socket",
    "systemd-sysext.socket",
    "systemd-creds.socket",
    "systemd-hostnamed.socket",
    "systemd-mute-console.socket",
    "systemd-bootctl.socket",
    "systemd-udev-settle.service",
    "getty@tty1.service",
    "getty-static.service",
    "alsa-restore.service",
    "alsa-state.service",
    "dev-hugepages.mount",
    "dev-mqueue.mount",
    "sys-fs-fuse-connections.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "e2scrub_reap.service",
    "wpa_supplicant.service",
    "systemd-networkd-wait-online.service",
    "sshd-keygen.service",
    "ssh.socket",
    "systemd-journal-flush.service",
)
_SHIPPED = ("systemd",)


class Configuration:
    """Step: a layer of files over the packages; nothing in it depends on the architecture."""

    name = "configuration"
    after: tuple[str, ...] = ("debian",)
    dated = True

    def inputs(self, shop: Workshop) -> list[Any]:
        """Return the box's files."""
        shipped = [PROJECT / folder for folder in _SHIPPED if (PROJECT / folder).is_dir()]
        return [release(shop), trusted_key(), IMAGE / "root", *shipped]

    def make(self, shop: Workshop, out: Path) -> None:
        """Fill the layer `out`."""
        base = shop["debian"] / "root"
        shutil.copytree(IMAGE / "root", out, symlinks=True, dirs_exist_ok=True)
        _place_shipped(out)
        etc = out / "etc"
        _write(etc / "neural-synth/release.json", json.dumps(release(shop)) + "\n")
        _write(etc / "neural-synth/keys/release.pub", trusted_key() + "\n")
        accounts = read_accounts([base / "usr/lib/sysusers.d", out / "usr/lib/sysusers.d"])
        for name, (text, mode) in accounts.files().items():
            _write(etc / name, text, mode)
        for target, source in _COPIES.items():
            if (base / source).is_file() and not (out / target).exists():
                _write(out / target, (base / source).read_text())
        for link, target in _ALTERNATIVES.items():
            _link(out / link.format(triplet=shop.variant.triplet), target)
        certificates = sorted((base / "usr/share/ca-certificates").rglob("*.crt"))
        _write(etc / "ssl/certs/ca-certificates.crt", "".join(c.read_text() for c in certificates))
        _link(etc / "localtime", "/usr/share/zoneinfo/UTC")
        _write(out / "var/lib/dpkg/status", dpkg_status(base / "var/lib/dpkg/status.d"))
        for unit in _MASKED:
            _link(etc / "systemd/system" / unit, "/dev/null")
        for rule in _NEVER:
            _link(etc / Path(rule).relative_to("usr/lib"), "/dev/null")
        enable(out)


def release(shop: Workshop) -> dict[str, Any]:
    """Return what the root says of itself; `built` is the last commit's time in seconds."""
    source = (PROJECT / "appliance/__init__.py").read_text()
    version = re.search(r'__version__ = "(.+)"', source)
    assert version is not None
    local = (commit("%h") or "local") + (".changed" if is_changed() else "")
    return {
        "version": f"{version[1]}+{local}",
        "built": shop.epoch,
        "board": shop.variant.board,
        "variant": shop.variant.name,
    }


def enable(layer: Path) -> None:
    """Link every unit of the layer's own that says where it wants to be started."""
    for unit in sorted((layer / "usr/lib/systemd/system").glob("neural-synth*")):
        if unit.is_file() and "@." not in unit.name:
            for kind, place in re.findall(r"^(WantedBy|RequiredBy)=(.+)$", unit.read_text(), re.M):
                suffix = {"WantedBy": "wants", "RequiredBy": "requires"}[kind]
                for target in place.split():
                    folder = layer / f"etc/systemd/system/{target}.{suffix}"
                    _link(folder / unit.name, f"/usr/lib/systemd/system/{unit.name}")


def dpkg_status(entries: Path) -> str:
    """Return dpkg's list of installed packages, so that the box can be asked what it runs."""
    return "".join(
        re.sub(
            r"^(Package: .*)$",
            r"\1\nStatus: install ok installed",
            file.read_text(),
            count=1,
            flags=re.M,
        ).rstrip()
        + "\n\n"
        for file in sorted(entries.iterdir())
    )


def _place_shipped(out: Path) -> None:
    for folder in _SHIPPED:
        source = PROJECT / folder
        for file in sorted(source.rglob("*")) if source.is_dir() else []:
            if file.is_file() and "__pycache__" not in file.parts:
                target = out / destination(file.relative_to(PROJECT))
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)


def destination(file: Path) -> Path:
    """Return where a file of the project's `systemd/` or `hardware/` lies on the box."""
    name = "neural-synth.conf"
    named = {
        "sysusers.conf": f"usr/lib/sysusers.d/{name}",
        "tmpfiles.conf": f"usr/lib/tmpfiles.d/{name}",
    }
    if file.name in named:
        return Path(named[file.name])
    if file.suffix == ".rules":
        return Path("usr/lib/udev/rules.d") / file.name
    if file.parent.name == "shutdown":
        return Path("usr/lib/systemd/system-shutdown") / file.name
    return Path("usr/lib/systemd/system") / file.name


def _write(file: Path, text: str, mode: int = 0o644) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)


def _link(file: Path, target: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.symlink_to(target)
