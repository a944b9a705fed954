"""Users and groups from `sysusers.d`, written at build time: a read-only root has no first boot.

The format is systemd's (sysusers.d(5)); understood are the lines u, u!, g and m with plain numbers.
No account gets a password: nobody can log in but with a key, over a door that is shut at first.
"""

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from image.steps.variant import BuildError

_FIRST_FREE = 999
_LOCKED = "*"


@dataclass(slots=True)
class Accounts:
    """The accounts of a system; numbers that are not given count down from 999."""

    users: dict[str, tuple[int, int, str, str, str]] = field(
        default_factory=dict[str, tuple[int, int, str, str, str]]
    )
    groups: dict[str, int] = field(default_factory=dict[str, int])
    members: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def add(self, line: str, source: str) -> None:
        """Add one line of sysusers.d; raises BuildError for one that it does not understand."""
        words = shlex.split(line, comments=True)
        if not words:
            return
        kind, name, number, comment, home, shell = [*words, *["-"] * (6 - len(words))][:6]
        if kind == "g":
            self._group(name, number)
        elif kind in ("u", "u!"):
            own, _, group = number.partition(":")
            taken = {user[0] for user in self.users.values()}
            uid = int(own) if own != "-" else self._free(taken | set(self.groups.values()))
            gid = self._gid(group) if group else self._group(name, str(uid))
            if name not in self.users:
                empty = "" if comment == "-" else comment
                where = "/" if home == "-" else home
                shell = (
                    ("/bin/bash" if uid == 0 else "/usr/sbin/nologin") if shell == "-" else shell
                )
                self.users[name] = (uid, gid, empty, where, shell)
        elif kind == "m":
            self._group(number, "-")
            if name not in self.members.setdefault(number, []):
                self.members[number].append(name)
        elif kind != "r":
            raise BuildError(f"{source}: {line!r} is no line that the image's accounts understand.")

    def files(self) -> dict[str, tuple[str, int]]:
        """Return the text and mode of each file under /etc that describes the accounts."""
        groups = sorted(self.groups.items(), key=lambda item: item[1])
        users = sorted(self.users.items(), key=lambda item: item[1][0])
        joined = {name: ",".join(self.members.get(name, [])) for name, _ in groups}
        return {
            "passwd": (
                "".join(
                    f"{name}:x:{uid}:{gid}:{comment}:{home}:{shell}\n"
                    for name, (uid, gid, comment, home, shell) in users
                ),
                0o644,
            ),
            "group": ("".join(f"{n}:x:{gid}:{joined[n]}\n" for n, gid in groups), 0o644),
            "shadow": ("".join(f"{name}:{_LOCKED}:1::::::\n" for name, _ in users), 0o600),
            "gshadow": ("".join(f"{n}:{_LOCKED}::{joined[n]}\n" for n, _ in groups), 0o600),
        }

    def _group(self, name: str, number: str) -> int:
        if name not in self.groups:
            taken = set(self.groups.values()) | {user[0] for user in self.users.values()}
            self.groups[name] = self._free(taken) if number == "-" else int(number)
        return self.groups[name]

    def _gid(self, group: str) -> int:
        return int(group) if group.isdigit() else self.groups[group]

    @staticmethod
    def _free(taken: set[int]) -> int:
        return next(number for number in range(_FIRST_FREE, 0, -1) if number not in taken)


def read_accounts(folders: list[Path]) -> Accounts:
    """Return the accounts that the sysusers.d files in `folders` describe."""
    accounts = Accounts()
    files = {file.name: file for folder in folders for file in sorted(folder.glob("*.conf"))}
    lines = [
        (line, str(files[name]))
        for name in sorted(files)
        for line in files[name].read_text().splitlines()
    ]
    # Groups first: a user's line may name one that a later file brings; of each kind those first
    # that ask for a number, so that nobody else has been given it.
    lines.sort(key=lambda line: line[0].split()[2:3] in ([], ["-"]))
    for wanted in ("g", "u", "m", "r"):
        for line, source in lines:
            kind = line.split(maxsplit=1)[0] if line.split() else "#"
            if kind[0] == wanted:
                accounts.add(line, source)
    accounts.groups.setdefault("root", 0)
    return accounts
