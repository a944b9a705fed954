"""A Pi 5 finds its card with either of Debian's kernels: nothing on the way lacks a driver.

The kernels are not here when the suite runs; what they have was recorded from a build, and a build
stops by itself where one has less. Where a kernel was built, the record must be of that kernel.
"""

import pytest

from image.steps.variant import read_variant
from tests.image.card_path import BUILT_IN, Drivers, built, read_record, record

VARIANTS = ("pi5-debian", "pi5-debian-rt")
RECORD = read_record()


def drivers(name: str) -> Drivers:
    remedy = f"; run: python -m tests.image.card_path {name}"
    assert name in RECORD, f"{name} was never recorded{remedy}"
    if built(name):
        assert record(name) == RECORD[name], f"another kernel of {name} was built{remedy}"
    return RECORD[name]


@pytest.mark.parametrize("name", VARIANTS)
def test_something_drives_every_node_on_the_way_to_the_card(name: str) -> None:
    found = drivers(name)
    trees = [tree.rpartition("/")[2] for tree in read_variant(name).device_trees]
    assert sorted(found["trees"]) == sorted(trees)
    held = {module.removesuffix(".ko").replace("-", "_") for module in found["initramfs"]}
    for tree, nodes in found["trees"].items():
        assert any("sdhci" in word for node in nodes for word in node), tree
        assert any("regulator" in word for node in nodes for word in node), tree
        for node in nodes:
            answers = {answer for answer in node.values() if answer}
            assert answers, f"{found['kernel']} has nothing for {list(node)} of {tree}"
            assert BUILT_IN in answers or answers <= held, f"{answers} not in the initramfs"


def test_the_kernels_differ_in_nothing_but_their_flavour() -> None:
    plain, preemptible = (drivers(name) for name in VARIANTS)
    assert "rt" in preemptible["kernel"].split("-")
    assert "rt" not in plain["kernel"].split("-")
    assert plain["trees"] == preemptible["trees"]
    assert plain["initramfs"] == preemptible["initramfs"]
