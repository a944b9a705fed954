"""The terrain module: places met exactly, glides exact for any cut of time, networks learned."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.errors import LatentError
from appliance.latent.terrain import Terrain
from appliance.parameters import Table, Values
from appliance.terrain.chart import Chart, Place, place_of, read_chart, write_chart
from appliance.terrain.training import trained

RATE = 44100


def chart(count: int = 9, seed: int = 0) -> Chart:
    random = np.random.default_rng(seed)
    spots = [(0.2 + 0.3 * (n % 3), 0.2 + 0.3 * (n // 3)) for n in range(count)]
    places: list[Place] = []
    for number, (x, y) in enumerate(spots):
        sound = random.normal(0, 1, (8, 1)) + np.cumsum(random.normal(0, 0.05, (8, 90)), axis=1)
        places.append(place_of(f"Sound {number}", x, y, 1.0, sound))
    return Chart(tuple(places))


def run(terrain: Terrain, instants: int, chunk: int) -> NDArray[np.float64]:
    out = np.zeros((8, instants))
    for first in range(0, instants, chunk):
        terrain.evaluate(first, out[:, first : first + chunk])
    return out


def ground_at(chart: Chart, x: float, y: float, sharpness: float = 2.0) -> NDArray[np.float64]:
    out = np.zeros(8)
    assert chart.ground is not None
    chart.ground.at(x, y, sharpness, out)
    return out


def test_each_place_is_met_and_between_them_it_is_smooth() -> None:
    drawn = chart()
    for place in drawn.places:
        assert np.allclose(ground_at(drawn, place.x, place.y), place.latents, atol=1e-5)
    latents = np.array([p.latents for p in drawn.places])
    line = np.array([ground_at(drawn, x, 0.37) for x in np.linspace(0, 1, 2001)])
    assert (line >= latents.min(axis=0) - 1e-9).all() and (line <= latents.max(axis=0) + 1e-9).all()
    assert np.abs(np.diff(line, axis=0)).max() < 0.02


def test_weights_and_sharpness_decide_how_far_a_place_reaches() -> None:
    drawn = chart()
    middle = drawn.places[4]
    apart = [
        np.abs(ground_at(each, 0.6, 0.6, sharpness) - middle.latents).max()
        for each, sharpness in ((drawn, 1.0), (drawn, 6.0), (drawn.changed(5, weight=50.0), 1.0))
    ]
    assert apart[1] < 0.2 * apart[0] and apart[2] < 0.3 * apart[0]


def test_glides_in_the_time_told_and_is_the_same_for_any_cut() -> None:
    results: list[NDArray[np.float64]] = []
    for chunk in (1, 5, 50):
        values = Values(Table())
        values.set("/terrain/glide_ms", 500)
        values.set("/terrain/expression", 1.5)
        values.set("/terrain/x", 0.2)
        values.set("/terrain/y", 0.2)
        terrain = Terrain(values, RATE)
        drawn = chart()
        terrain.ground = drawn.ground
        before = run(terrain, 100, chunk)
        assert np.allclose(before, 1.5 * drawn.places[0].latents[:, None], atol=1e-4)
        values.set("/terrain/x", 0.8)
        values.set("/terrain/y", 0.8)
        way = run(terrain, 200, chunk)
        assert terrain.place == (0.8, 0.8)
        arrived = 0.5 * RATE / 128
        still = np.abs(np.diff(way, axis=1)).max(axis=0) == 0
        assert not still[: int(arrived) - 1].all() and still[int(arrived) + 1 :].all()
        assert np.abs(np.diff(way, axis=1)).max() < 0.2
        results.append(way)
    assert np.array_equal(results[0], results[1]) and np.array_equal(results[0], results[2])


def test_without_a_map_it_is_silent_and_a_map_may_come_while_it_plays() -> None:
    values = Values(Table())
    terrain = Terrain(values, RATE)
    assert not run(terrain, 10, 2).any()
    terrain.ground = chart().ground
    assert run(terrain, 10, 2).any()
    assert Chart(chart().places[:3]).ground is None


def test_a_network_learns_the_places_and_their_ways() -> None:
    drawn = chart()
    learned = replace(drawn, net=trained(drawn, 3))
    spread = np.std([p.latents for p in drawn.places])
    for place in drawn.places:
        assert np.abs(ground_at(learned, place.x, place.y) - place.latents).max() < 0.35 * spread
    way = drawn.places[4].way
    turn = 2 * np.pi * np.arange(way.shape[1]) / way.shape[1]
    circle = np.array(
        [ground_at(learned, 0.5 + 0.05 * np.cos(t), 0.5 + 0.05 * np.sin(t)) for t in turn]
    ).T
    moved = way - way.mean(axis=1, keepdims=True)
    heard = circle - circle.mean(axis=1, keepdims=True)
    assert np.sum(moved * heard) / np.sqrt(np.sum(moved**2) * np.sum(heard**2)) > 0.8
    seeds = [ground_at(replace(drawn, net=trained(drawn, n, steps=9)), 0.4, 0.4) for n in (3, 3, 4)]
    assert np.array_equal(seeds[0], seeds[1]) and not np.allclose(seeds[0], seeds[2])
    with pytest.raises(LatentError, match="at least 4 places, not 3"):
        trained(Chart(drawn.places[:3]), 0)


def test_a_chart_is_saved_and_read_with_its_network(tmp_path: Path) -> None:
    drawn = chart().changed(2, x=0.9, weight=3.0)
    learned = replace(drawn, net=trained(drawn, 0, steps=5))
    for each in (drawn, learned):
        write_chart(tmp_path / "map.npz", each)
        read = read_chart(tmp_path / "map.npz")
        assert [(p.name, p.x, p.weight) for p in read.places] == [
            (p.name, p.x, p.weight) for p in each.places
        ]
        assert np.array_equal(ground_at(read, 0.3, 0.6), ground_at(each, 0.3, 0.6))
        assert np.array_equal(read.places[3].way, each.places[3].way)


def test_damaged_charts_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "map.npz"
    write_chart(path, chart())
    whole = path.read_bytes()
    for data in (b"", b"no zip", whole[: len(whole) // 2]):
        path.write_bytes(data)
        with pytest.raises(LatentError, match=r"map\.npz"):
            read_chart(path)
    arrays = dict(np.load(_write(path, whole)))
    for changes in (
        {"positions": np.full((9, 2), 1.5)},
        {"latents": np.full((9, 8), np.nan)},
        {"weights": np.zeros(9)},
        {"latents": np.zeros((9, 7))},
        {"waves": np.zeros((4, 2)), "mean": np.zeros(8), "scale": np.ones(8)},
        {"waves": np.zeros((4, 2)), "mean": np.zeros(8), "scale": np.ones(8)}
        | {"layer0": np.zeros((8, 9)), "bias0": np.zeros(8)},
    ):
        np.savez(path, **(arrays | changes))  # pyright: ignore[reportArgumentType]
        with pytest.raises(LatentError):
            read_chart(path)
    with pytest.raises(LatentError, match="4 to 64 places, not 3"):
        write_chart(path, Chart(chart().places[:3]))
    with pytest.raises(LatentError, match="No such file"):
        read_chart(tmp_path / "gone.npz")


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
