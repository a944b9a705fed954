"""Updates: what is refused, what is written where, and a power cut at every use of the card."""

from pathlib import Path

import pytest

from appliance.errors import UpdateError
from appliance.update.selector import FILE, Selector, autoboot_text
from appliance.update.updater import set_slot
from tests.update.card import BOOT, Card, PowerCutError, bundle, power_cut

NEW = b"new root" * 300_000


@pytest.fixture
def card(tmp_path: Path) -> Card:
    made = Card(tmp_path)
    made.know("new", NEW)
    return made


def test_an_update_is_written_beside_tried_and_kept(card: Card) -> None:
    assert card.updater().write(bundle(NEW)) == "b"
    assert card.started() == "old"  # nothing has changed for an ordinary start
    tried = card.updater(slot="b", built=200)
    assert tried.in_trial
    assert tried.keep()
    assert card.started() == "new"
    assert not tried.keep()
    assert not tried.in_trial


def test_the_slot_that_runs_is_never_touched(card: Card) -> None:
    before = [(card.folder / name).read_bytes() for name in ("boot_a", "root_a")]
    card.updater().write(bundle(NEW))
    assert [(card.folder / name).read_bytes() for name in ("boot_a", "root_a")] == before


def test_a_second_update_goes_back_into_the_first_slot(card: Card) -> None:
    card.updater().write(bundle(NEW))
    card.updater(slot="b", built=200).keep()
    newer = b"newer root" * 1000
    card.know("newer", newer)
    assert card.updater(slot="b", built=200).write(bundle(newer, built=300)) == "a"
    assert card.started() == "new"
    card.updater(slot="a", built=300).keep()
    assert card.started() == "newer"


def test_a_power_cut_at_any_use_of_the_card_leaves_a_box_that_starts(tmp_path: Path) -> None:
    counted = Card(_made(tmp_path / "counted"))
    with power_cut(10_000) as uses:
        counted.updater().write(bundle(NEW))
        counted.updater(slot="b", built=200).keep()
    assert len(uses) > 8
    for cut in range(len(uses)):
        card = Card(_made(tmp_path / str(cut)))
        card.know("new", NEW)
        with pytest.raises(PowerCutError), power_cut(cut):
            card.updater().write(bundle(NEW))
            card.updater(slot="b", built=200).keep()
        # Before the one write that keeps the new slot, the old one starts; after it, the new.
        keeping = uses.index("pwrite")
        assert card.started() == ("old" if cut <= keeping else "new"), uses[cut]
        # And the update can be done again.
        if cut <= keeping:
            card.updater().write(bundle(NEW))
            card.updater(slot="b", built=200).keep()
        assert card.started() == "new"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"boards": ("jetson",)}, "this box is pi5"),
        ({"built": 50}, "older than what runs"),
    ],
)
def test_the_wrong_board_and_the_past_are_refused(
    card: Card, wanted: dict[str, object], words: str
) -> None:
    with pytest.raises(UpdateError, match=words):
        card.updater().write(bundle(NEW, **wanted))  # type: ignore[arg-type]
    assert (card.folder / "root_b").read_bytes() == bytes(
        len((card.folder / "root_b").read_bytes())
    )


def test_an_older_one_is_taken_when_asked_for(card: Card) -> None:
    assert card.updater().write(bundle(NEW, built=50), older=True) == "b"


def test_no_update_during_a_trial(card: Card) -> None:
    card.updater().write(bundle(NEW))
    with pytest.raises(UpdateError, match="still tries"):
        card.updater(slot="b", built=200).write(bundle(NEW, built=300))


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(UpdateError, match="not signed by a key"):
        bundle(NEW, key=bytes(32))


@pytest.mark.parametrize("at", [0, 9, 12, 20, 77, 90, 150])
def test_no_bit_of_the_beginning_can_change_unnoticed(at: int) -> None:
    with pytest.raises(UpdateError):
        bundle(NEW, harm=at)


@pytest.mark.parametrize("at", [-1, -1_000_000, -len(NEW) - 10])
def test_damaged_parts_are_found_and_never_kept(card: Card, at: int) -> None:
    with pytest.raises(UpdateError, match="damaged"):
        card.updater().write(bundle(NEW, harm=at))
    assert card.started() == "old"


def test_a_part_too_large_is_refused(card: Card) -> None:
    with pytest.raises(UpdateError, match="flash the card anew"):
        card.updater().write(bundle(bytes(4 << 20)))


def test_a_selector_that_nobody_understands_is_said(card: Card) -> None:
    (card.folder / FILE).write_text("boot_partition=9\n")
    with pytest.raises(UpdateError, match="should read"):
        Selector(card.folder, mounted=False).kept()


def test_the_selector_is_always_of_one_length_below_a_sector() -> None:
    assert len(autoboot_text("a")) == len(autoboot_text("b")) < 512


def test_only_the_slot_in_the_command_line_changes() -> None:
    changed = set_slot(BOOT, "b")
    assert changed == BOOT.replace(b"slot=a", b"slot=b")
    assert set_slot(b"no mark", "b") == b"no mark"


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
