"""The board's firmware as the bench plays it."""

from appliance.update.selector import autoboot_text
from tests.boot.firmware import choose_partition


def test_a_trial_takes_the_other_partition_once() -> None:
    assert choose_partition(autoboot_text("a"), trial=False) == 2
    assert choose_partition(autoboot_text("a"), trial=True) == 3
    assert choose_partition(autoboot_text("b"), trial=False) == 3
    assert choose_partition(autoboot_text("b"), trial=True) == 2


def test_without_a_trial_section_there_is_only_one_choice() -> None:
    assert choose_partition("boot_partition=4\n", trial=True) == 4
