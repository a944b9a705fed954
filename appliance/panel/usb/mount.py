"""The little that needs privileges: mounting a stick, then watching a process that has none.

The mount lives in the unit's own namespace and goes with it. The process that looks at the stick
runs as the player's user, and no longer than it may.
"""

import os
import pwd
import selectors
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from appliance.errors import DeviceError

USER = "neural-synth"
SECONDS = 900.0
"""Time for a whole visit; a stick that hangs is left alone after it."""
_MOUNT_SECONDS = 30.0
_SAFE = "nosuid,nodev,noexec,noatime"
REMOUNT = b"write\n"
"""What the watched process says to have the stick writable; the answer is ok or no."""


def mount_options(system: str, user: int, group: int) -> str:
    """Return how a file system of a stranger is mounted: to be read, and not to be believed."""
    own = f"uid={user},gid={group},fmask=0133,dmask=0022"
    special = {
        "vfat": f"{own},utf8,errors=continue",
        "exfat": f"{own},errors=continue",
        # Its journal stays unplayed; what it says about errors is overruled, for it may say panic.
        "ext4": "noload,errors=continue",
    }
    return f"ro,{_SAFE},{special[system]}"


SYSTEMS = ("vfat", "exfat", "ext4")


def visit(device: Path) -> int:
    """Mount `device`, let a process without privileges look at it, and return how that ended.

    Raises DeviceError if the stick cannot be mounted or takes too long.
    """
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        raise DeviceError(
            f"There is no user '{USER}', as which a stick is looked at: see systemd/sysusers.conf."
        ) from None
    with tempfile.TemporaryDirectory() as folder:
        point = Path(folder)
        point.chmod(0o755)
        system = _mount(device, point, user.pw_uid, user.pw_gid)
        try:
            return _watch(point, system, user)
        finally:
            os.sync()
            # Lazily: a stick that hangs must not hold us too.
            _run("umount", "-l", str(point))


def _mount(device: Path, point: Path, user: int, group: int) -> str:
    said = ""
    for system in SYSTEMS:
        options = mount_options(system, user, group)
        code, said = _run("mount", "-t", system, "-o", options, str(device), str(point))
        if code == 0:
            return system
    raise DeviceError(
        f"The stick {device} cannot be read ({said.strip() or 'no answer'}). Format it as FAT, "
        "exFAT or ext4."
    )


def _watch(point: Path, system: str, user: pwd.struct_passwd) -> int:
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "appliance", "stick", "take", "--asks", str(point)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        start_new_session=True,
    )
    try:
        return _listen(process, point, system, user)
    finally:
        process.kill()
        process.wait()


def _listen(
    process: "subprocess.Popen[bytes]", point: Path, system: str, user: pwd.struct_passwd
) -> int:
    assert process.stdout is not None
    assert process.stdin is not None
    end = time.monotonic() + SECONDS
    heard = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < end:
            if not selector.select(1.0):
                continue
            said = os.read(process.stdout.fileno(), 4096)
            if not said:
                return process.wait(timeout=10)
            heard += said
            if REMOUNT in heard:
                heard = b""
                options = mount_options(system, user.pw_uid, user.pw_gid).replace("ro,", "rw,", 1)
                code, _ = _run("mount", "-o", f"remount,{options}", str(point))
                process.stdin.write(b"no\n" if code else b"ok\n")
                process.stdin.flush()
    raise DeviceError(f"The stick took longer than {SECONDS / 60:.0f} minutes and is left alone.")


def _run(*command: str) -> tuple[int, str]:
    """Run a command for a limited time; return its code and what it said on error."""
    try:
        done = subprocess.run(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_MOUNT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 1, str(error)
    return done.returncode, done.stderr
