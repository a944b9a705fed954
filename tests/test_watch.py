"""How changes of parameters are noticed."""

from appliance.parameters import Table, Values
from appliance.parameters.watch import Watch


def test_without_an_observer_every_change_is_noticed_once() -> None:
    values = Values(Table(slots=4))
    watch = Watch(values, "/mix/spread_ms")
    assert not watch.changed()
    values.set("/mix/spread_ms", 3)
    assert watch.changed()
    assert not watch.changed()


def test_a_watch_that_looks_seldom_misses_nothing() -> None:
    values = Values(Table(slots=4))
    often, seldom = Watch(values, "/mix/spread_ms"), Watch(values, "/mix/spread_ms", "/mix/align")
    values.observe()
    assert not often.changed()
    values.set("/mix/spread_ms", 3)
    values.observe()
    assert often.changed()
    values.observe()
    assert not often.changed()
    assert seldom.changed()
    values.set("/master/level_db", -3)
    values.observe()
    assert not seldom.changed()


def test_values_that_rest_have_one_generation() -> None:
    values = Values(Table(slots=4))
    values.observe()
    before = values.generation
    values.observe()
    assert values.generation == before
    values.set("/mix/align", 1)
    values.observe()
    assert values.generation == before + 1
