"""Boards whose firmware cannot try a slot: the guard that is left, and how a start reads it."""

import subprocess
from pathlib import Path

import pytest

from appliance.update.selector import (
    GUARD,
    FileTrial,
    FirmwareTrial,
    GuardedTrial,
    Selector,
    Slot,
    autoboot_text,
)
from appliance.update.station import trial
from tests.update.card import Card, PowerCutError, bundle, power_cut

SCRIPT = Path(__file__).parents[2] / "image/initramfs/guard"
NEW = b"new root" * 1000


@pytest.fixture
def card(tmp_path: Path) -> Card:
    made = Card(tmp_path)
    made.know("new", NEW)
    made.updater().write(bundle(NEW))
    return made


def guarded(card: Card) -> None:
    GuardedTrial(Selector(card.folder, mounted=False), "b").prepare()


def starts(card: Card, slot: Slot) -> bool:
    """Return whether the initramfs of `slot` lets its start go on."""
    return subprocess.run(["sh", SCRIPT, card.folder, slot], check=False).returncode == 0


def test_a_slot_that_proves_itself_is_kept(card: Card) -> None:
    guarded(card)
    assert card.started() == "new"
    assert starts(card, "b")
    updater = card.updater(slot="b", built=200)
    assert updater.in_trial
    assert updater.keep()
    assert not updater.in_trial
    assert starts(card, "b")
    assert card.started() == "new"


def test_a_slot_that_does_not_is_left_at_its_second_start(card: Card) -> None:
    guarded(card)
    assert starts(card, "b")
    assert not starts(card, "b")
    assert (card.folder / "autoboot.txt").read_text() == autoboot_text("a")
    assert card.started() == "old"
    assert starts(card, "a")
    assert not card.updater().in_trial


def test_the_other_slot_takes_a_forgotten_guard_away(card: Card) -> None:
    (card.folder / GUARD).write_text("b fresh\n")
    assert starts(card, "a")
    assert not (card.folder / GUARD).exists()


def test_a_power_cut_while_the_guard_is_set_leaves_the_old_slot_or_a_guarded_one(
    card: Card,
) -> None:
    with power_cut(100) as uses:
        guarded(card)
    for cut in range(len(uses)):
        (card.folder / GUARD).unlink(missing_ok=True)
        (card.folder / "autoboot.txt").write_text(autoboot_text("a"))
        with pytest.raises(PowerCutError), power_cut(cut):
            guarded(card)
        selector = Selector(card.folder, mounted=False)
        assert selector.kept() == "a" or selector.guarded() == "b"


def test_each_board_tries_in_its_own_way(tmp_path: Path) -> None:
    tree = tmp_path / "compatible"
    tree.write_bytes(b"raspberrypi,5-model-b\0brcm,bcm2712\0")
    selector = Selector(tmp_path, mounted=False)
    assert isinstance(trial(selector, "b", tree, "6.12.30+rpt-rpi-2712"), FirmwareTrial)
    assert isinstance(trial(selector, "b", tree, "7.3.4+deb13-arm64"), GuardedTrial)
    assert isinstance(trial(selector, "b", tmp_path / "none", "7.3.4+deb13-arm64"), FileTrial)
