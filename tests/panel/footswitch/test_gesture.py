"""Every press once and at once, whatever the contacts do; long and both come on top."""

import math

import pytest

from appliance.panel.footswitch.debounce import Debounce
from appliance.panel.footswitch.gesture import Gesture, Kind, Pedals, Timing
from appliance.panel.signals import Contact
from tests.panel.footswitch.feet import hear, hear_and_look, walk


def kinds(gestures: list[Gesture]) -> list[tuple[str, int]]:
    return [(gesture.kind.value, gesture.switch) for gesture in gestures]


def contacts(*moves: tuple[int, bool, float]) -> list[Contact]:
    return [Contact(*move) for move in moves]


@pytest.mark.parametrize("lost", [0.0, 0.2])
def test_ten_thousand_presses_are_each_heard_once(lost: float) -> None:
    walked = walk(10_000, seed=1, lost=lost)
    if lost:
        heard = hear_and_look(Pedals(), walked, every=0.02)
    else:
        heard = hear(Pedals(), walked.told, walked.end)
    for switch in (0, 1):
        downs = [down for which, down, _ in walked.presses if which == switch]
        found = [g.time for g in heard if g.kind is Kind.PRESS and g.switch == switch]
        assert len(found) == len(downs) == 5000
        late = [one - other for one, other in zip(found, downs, strict=True)]
        assert min(late) >= 0
        # Nothing lost: at the very edge. Otherwise no later than the next look at the level.
        assert max(late) <= (0.0 if not lost else 0.025 + 0.02)
        ups = sum(g.kind is Kind.RELEASE and g.switch == switch for g in heard)
        assert ups == 5000


def test_long_presses_are_those_that_were_long_and_alone() -> None:
    walked = walk(2000, seed=2)
    heard = hear(Pedals(), walked.told, walked.end)
    long = [(g.switch, g.time) for g in heard if g.kind is Kind.LONG]
    assert long
    for switch, time in long:
        assert any(s == switch and down <= time <= up for s, down, up in walked.presses)
        assert math.isclose(
            min(time - down for s, down, _ in walked.presses if s == switch and down <= time), 0.6
        )


def test_both_come_exactly_when_both_were_held() -> None:
    walked = walk(3000, seed=3)
    heard = hear(Pedals(), walked.told, walked.end)
    both = sorted(g.time for g in heard if g.kind is Kind.BOTH)
    left, right = ([p for p in walked.presses if p[0] == switch] for switch in (0, 1))
    wanted = sorted(
        max(a[1], b[1]) + 0.5
        for a in left
        for b in right
        # A release counts from its first edge, or from the end of the press's own bounces.
        if min(a[2], b[2]) > max(a[1], b[1]) + 0.5
    )
    assert len(wanted) > 50
    assert both == pytest.approx(wanted)


def test_a_press_does_not_wait_for_what_might_follow() -> None:
    pedals = Pedals()
    assert kinds(pedals.contact(Contact(0, True, 1.0))) == [("press", 0)]
    assert kinds(pedals.tick(1.59)) == []
    assert kinds(pedals.tick(1.6)) == [("long", 0)]
    assert kinds(pedals.contact(Contact(0, False, 2.0))) == [("release", 0)]


def test_both_held_for_very_long_switch_off_once() -> None:
    moves = contacts((0, True, 1.0), (1, True, 1.1))
    heard = hear(Pedals(Timing(off=3)), moves, 20.0)
    assert kinds(heard) == [("press", 0), ("press", 1), ("both", 1), ("off", 1)]
    assert heard[-1].time == pytest.approx(4.1)
    moves.append(Contact(0, False, 4.0))
    heard = hear(Pedals(Timing(off=3)), moves, 20.0)
    assert ("off", 1) not in kinds(heard)
    heard = hear(Pedals(Timing(off=0)), moves[:2], 20.0)
    assert ("off", 1) not in kinds(heard)


def test_both_name_the_presses_that_led_there() -> None:
    pedals = Pedals()
    heard = hear(pedals, contacts((0, True, 1.0), (1, True, 1.04)), 3.0)
    assert kinds(heard) == [("press", 0), ("press", 1), ("both", 1)]
    assert heard[-1].time == pytest.approx(1.54)
    assert heard[-1].presses == (0, 1)


def test_tapping_one_while_the_other_is_held_counts_each_tap() -> None:
    moves = contacts((0, True, 1.0), (1, True, 1.1), (1, False, 1.2), (1, True, 1.3))
    heard = hear(Pedals(), moves, 3.0)
    assert heard[-1].kind is Kind.BOTH
    assert heard[-1].presses == (0, 1, 1)


def test_a_long_press_then_both_gives_both_in_addition() -> None:
    heard = hear(Pedals(), contacts((1, True, 1.0), (0, True, 2.0)), 4.0)
    assert kinds(heard) == [("press", 1), ("long", 1), ("press", 0), ("both", 0)]


def test_a_stuck_switch_is_told_and_leaves_the_other_alone() -> None:
    pedals = Pedals(Timing(stuck=10))
    heard = hear(pedals, contacts((0, True, 1.0), (1, True, 20.0)), 25.0)
    assert kinds(heard) == [("press", 0), ("long", 0), ("stuck", 0), ("press", 1), ("long", 1)]
    assert (
        kinds(pedals.contact(Contact(0, False, 26.0)))
        == [
            ("stuck", 1),
            ("freed", 0),
            ("release", 0),
        ][1:]
    )


def test_what_is_down_at_the_start_is_no_press_but_may_be_stuck() -> None:
    pedals = Pedals(Timing(stuck=10), down=(True, False), time=0.0)
    assert pedals.down == (True, False)
    assert kinds(pedals.tick(9.9)) == []
    assert kinds(pedals.tick(10.0)) == [("stuck", 0)]


def test_a_press_shorter_than_its_bounces_is_still_one() -> None:
    moves = contacts((0, True, 1.0), (0, False, 1.003))
    assert kinds(hear(Pedals(), moves, 2.0)) == [("press", 0), ("release", 0)]


def test_two_closings_in_a_row_are_one() -> None:
    debounce = Debounce()
    assert debounce.contact(True, 1.0) == [(True, 1.0)]
    assert debounce.contact(True, 2.0) == []
    assert debounce.contact(False, 3.0) == [(False, 3.0)]
    assert debounce.due == math.inf
