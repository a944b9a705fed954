"""Recalling: at once, in time, by hand, on the bar; and what the hands do on the way."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from appliance.errors import ApplianceError, ParameterError, PresetError
from tests.presets.box import BLOCK, RATE, SECOND, Box


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path / "player")


def test_a_new_box_has_the_factory_s_bank(box: Box) -> None:
    state = box.status()
    assert state["filled"] == [1, 2, 3, 7] and state["current"] == 1
    assert state["name"] == box.first == "Factory 1" and not state["edited"]


def test_recalls_at_once(box: Box) -> None:
    box("recall", 3)
    assert box.value() == 0.3 and box.value("/noise/2/frequency") == 4
    assert box.value("/decoder/2/pan") == 0.5  # the configuration's
    state = box.status()
    assert (state["current"], state["state"], state["progress"]) == (3, "rest", None)


def test_goes_through_the_filled_slots(box: Box) -> None:
    visited: list[int] = []
    for _ in range(5):
        box("next")
        visited.append(box.status()["current"])
    assert visited == [2, 3, 7, 1, 2]
    box("previous")
    box("previous")
    assert box.status()["current"] == 7
    box("wrap", 0)
    with pytest.raises(PresetError, match="last filled"):
        box("next")
    assert box.status()["current"] == 7


def test_takes_its_time(box: Box) -> None:
    box("recall", 7, 2.0)
    box.run(SECOND)
    state = box.status()
    assert (state["state"], state["current"], state["target"]) == ("morph", 1, 7)
    assert state["progress"] == pytest.approx(0.5, abs=0.03)
    assert box.value() == pytest.approx(0.4, abs=0.02)
    box.run(SECOND + 8)
    state = box.status()
    assert (state["state"], state["current"], box.value()) == ("rest", 7, 0.7)
    assert not state["edited"]


def test_the_player_s_own_time(box: Box) -> None:
    box("seconds", 1.0)
    box("next")
    assert box.status()["state"] == "morph"
    box("recall", 3, 0)
    assert box.status()["state"] == "rest" and box.value() == 0.3
    box("seconds")
    assert box.said("/preset/seconds") == (1.0,)


def test_a_second_recall_starts_from_where_it_is(box: Box) -> None:
    box("recall", 7, 2.0)
    box.run(SECOND)
    here = box.value()
    box("recall", 2, 2.0)
    box.run(8)
    assert box.value() == pytest.approx(here, abs=0.02)
    box.run(2 * SECOND)
    assert box.value() == 0.2 and box.status()["current"] == 2


def test_pauses_and_turns_round(box: Box) -> None:
    box("recall", 7, 2.0)
    box.run(SECOND)
    box("pause")
    here = box.value()
    box.run(SECOND)
    assert box.value() == here and box.status()["state"] == "paused"
    box("reverse")
    state = box.status()
    assert (state["state"], state["current"], state["target"]) == ("morph", 7, 1)
    box.run(SECOND // 2)
    assert 0.5 < box.status()["progress"] < 1
    box.run(SECOND)
    assert box.value() == 0.1 and box.status()["current"] == 1
    box("reverse")  # arrived: back in the time it took, to where the way led
    box.run(SECOND)
    assert box.status()["progress"] == pytest.approx(0.5, abs=0.03)
    box.run(SECOND + 8)
    assert box.value() == 0.7 and box.status()["current"] == 7


def test_switches_where_the_player_says(box: Box) -> None:
    box.turn("/oscillators/1/waveform", 3)
    box("store", 5, "Rect")
    for point, at_half in ((0.75, 3), (0.25, 0)):
        box("recall", 5)
        box("switch_at", point)
        box("recall", 1, 2.0)
        box.run(SECOND)
        assert box.value("/oscillators/1/waveform") == at_half


def test_the_hand_between_two_presets(box: Box) -> None:
    box("morph", 2, 7, 0.0)
    assert box.value() == 0.2 and box.status()["state"] == "hand"
    box("morph", 0.5)
    box.run(10)
    assert box.value() == pytest.approx(0.45)
    state = box.status()
    assert (state["current"], state["target"], state["progress"]) == (2, 7, 0.5)
    box("morph", 1)
    box.run(10)
    assert box.value() == 0.7
    with pytest.raises(PresetError, match="hand"):
        box("reverse")
    box("recall", 1)
    assert box.status()["state"] == "rest"
    with pytest.raises(PresetError, match="no two presets"):
        box("morph", 0.5)


def test_waits_for_the_bar(box: Box) -> None:
    box("quantize", "bar")
    box("recall", 7)
    box.run(20)
    state = box.status()
    assert (state["current"], state["queued"], box.value()) == (1, 7, 0.1)
    box("previous")  # from the one that waits
    assert box.status()["queued"] == 3
    box("bar")
    state = box.status()
    assert (state["current"], state["queued"], box.value()) == (3, None, 0.3)
    box("recall", 2)
    box("cancel")
    box("bar")
    assert box.value() == 0.3 and box.status()["queued"] is None


def test_a_clock_starts_it_by_itself(box: Box) -> None:
    bar = RATE // 2
    box.morph.bar_line = lambda sample: -(-sample // bar) * bar
    box("quantize", "bar")
    box("recall", 7, 1.0)
    box.run(bar // BLOCK - 5)
    assert box.status()["queued"] == 7 and box.value() == 0.1
    # The box steps whole blocks, the instrument up to the bar line itself.
    box.morph.step(bar)
    assert box.status()["state"] == "morph" and box.status()["target"] == 7


def test_a_knob_turned_on_the_way_stays(box: Box) -> None:
    box("recall", 7, 1.0)
    box.run(20)
    box.turn("/offset/1/value", -0.25)
    box.run(SECOND)
    assert box.value() == -0.25 and box.value("/noise/2/frequency") == 8
    assert box.status()["edited"]


def test_slots_of_decoders_that_are_not_there_are_passed_over(box: Box, tmp_path: Path) -> None:
    file = tmp_path / "wide.yaml"
    file.write_text("name: Wide\nparameters: {/decoder/7/pan: 1, /decoder/1/pan: 1}\n")
    other = Box(tmp_path / "other", preset=str(file))
    assert other.first == "Wide" and other.value("/decoder/1/pan") == 1


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (("recall", 9), "Slot 9 is empty. Filled slots: 1-3, 7"),
        (("recall", 65), "slots 1 to 64"),
        (("recall", 0), "slots 1 to 64"),
        (("recall", "seven"), "whole number"),
        (("recall", 1.5), "whole number"),
        (("recall", float("nan")), "whole number"),
        (("recall", float("inf")), "whole number"),
        (("recall", 1, -1.0), "0 to 3600"),
        (("recall", 1, float("nan")), "0 to 3600"),
        (("recall",), r"SLOT \[SECONDS\]"),
        (("recal", 1), "Did you mean '/preset/recall'"),
        (("morph", 1, 2), "SLOT SLOT SHARE"),
        (("morph", 1, 2, 1.5), "0 to 1"),
        (("pause",), "No timed morph"),
        (("reverse",), "nowhere to go back"),
        (("undo",), "nothing to undo"),
        (("redo",), "nothing to do again"),
        (("store", 3, ""), "must be text"),
        (("store", 3, "x" * 100), "64 characters"),
        (("quantize", "beat"), "off or bar"),
        (("wrap", "maybe"), "0 or 1"),
        (("file", "/jam/1/file", "../x.npy"), "relative name"),
        (("file", "jam", "latents/x.npy"), "no address"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    box: Box, message: tuple[object, ...], words: str
) -> None:
    before, state = box.values.array.copy(), box.status()
    with pytest.raises(ApplianceError, match=words):
        box(*message)  # type: ignore[arg-type]
    assert np.array_equal(box.values.array, before)
    assert box.status() == state


def test_a_full_queue_is_said(box: Box) -> None:
    index = box.values.table.index("/offset/1/value")
    while box.queue.put(index, 0.1):
        pass
    with pytest.raises(PresetError, match="takes no orders"):
        box("recall", 3)
    box.run(2)
    box("recall", 3)
    assert box.value() == 0.3


def test_random_performances_end_as_they_should(tmp_path: Path) -> None:
    """Whatever is sent, errors are sentences, and the sound is that of the last recall."""
    random = np.random.default_rng(1)
    box = Box(tmp_path / "player")
    words: tuple[Callable[[], tuple[object, ...]], ...] = (
        lambda: ("recall", int(random.integers(0, 9))),
        lambda: ("recall", int(random.integers(0, 9)), float(random.choice((0, 0.05, 1)))),
        lambda: ("next",),
        lambda: ("previous", 0.1),
        lambda: ("pause",),
        lambda: ("reverse",),
        lambda: ("morph", 1, 7, float(random.random())),
        lambda: ("morph", float(random.random())),
        lambda: ("store", int(random.integers(1, 9)), "Random"),
        lambda: ("undo",),
        lambda: ("redo",),
        lambda: ("compare",),
        lambda: ("swap", 1, int(random.integers(1, 9))),
        lambda: ("clear", int(random.integers(1, 9))),
        lambda: ("quantize", str(random.choice(("off", "bar")))),
        lambda: ("bar",),
        lambda: ("cancel",),
    )
    refused = 0
    for _ in range(600):
        try:
            box(*words[random.integers(len(words))]())  # type: ignore[arg-type]
        except (ParameterError, PresetError):
            refused += 1
        if random.random() < 0.3:
            box.turn("/offset/2/value", float(random.uniform(-1, 1)))
        box.run(int(random.choice((0, 1, 30))))
        state = box.status()
        assert state["state"] in ("rest", "morph", "paused", "hand")
        assert np.isfinite(box.values.array).all()
    assert refused < 400
    box("quantize", "off")
    box.keeper.bench.fill({4: box.keeper.bank.entry(box.keeper.bench.present())})
    box("recall", 4, 0)
    assert np.array_equal(box.values.array, box.keeper.bank[4].settings)
