"""Users and groups as the image gets them."""

from pathlib import Path

import pytest

from image.steps.accounts import Accounts, read_accounts
from image.steps.variant import IMAGE, PROJECT, BuildError


def made(*lines: str) -> Accounts:
    accounts = Accounts()
    for line in lines:
        accounts.add(line, "test.conf")
    return accounts


def test_numbers_that_are_given_are_kept_and_others_do_not_collide(tmp_path: Path) -> None:
    (tmp_path / "1.conf").write_text("# users\nu one -\nu two - \nu three 998:audio\n\n")
    (tmp_path / "2.conf").write_text("u root 0 - /root\ng audio 29\n")
    accounts = read_accounts([tmp_path])
    assert accounts.users["root"] == (0, 0, "", "/root", "/bin/bash")
    numbers = [user[0] for user in accounts.users.values()]
    assert len(set(numbers)) == len(numbers)
    assert accounts.users["three"][:2] == (998, 29)


def test_nobody_has_a_password() -> None:
    files = made("u root 0", "u! net -").files()
    assert all(line.split(":")[1] == "*" for line in files["shadow"][0].splitlines())
    assert files["shadow"][1] == 0o600


def test_members_are_listed_once() -> None:
    accounts = made("g audio 29", "u one -", "m one audio", "m one audio")
    assert "audio:x:29:one\n" in accounts.files()["group"][0]


def test_a_line_of_another_kind_is_refused() -> None:
    with pytest.raises(BuildError, match="no line"):
        made("x what ever")


def test_the_players_number_never_moves() -> None:
    accounts = read_accounts([IMAGE / "root/usr/lib/sysusers.d"])
    for line in (PROJECT / "systemd/sysusers.conf").read_text().splitlines():
        accounts.add(line, "sysusers.conf")
    # Files on the data partition outlive the root that named their owner.
    assert accounts.users["neural-synth"][:2] == (900, 900)
