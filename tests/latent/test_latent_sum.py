"""The sum of the modules, per decoder slot."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from appliance.latent import LatentModule, LatentSum, Noise, Offset, Oscillators
from appliance.latent.sum import LIMIT
from appliance.parameters import Table, Values

RATE = 44100


class Ramp:
    """A module as another person would add it: instant number times channel number."""

    def __init__(self, name: str, fault: float | None = None) -> None:
        self.name = name
        self.fault = fault

    def evaluate(self, start: int, out: NDArray[np.float64]) -> None:
        out[:] = np.arange(1, 9)[:, None] * np.arange(start, start + out.shape[1])
        if self.fault is not None:
            out[2, 0] = self.fault

    def reset(self, start: int = 0) -> None:
        self.fault = None


def everything(slots: int = 4, max_instants: int = 64):
    values = Values(Table(slots))
    kinds, shapes = ("white", "rand", "silence"), ("sine", "saw", "rect", "tri", "off")
    for i in range(1, 9):
        values.set(f"/offset/{i}/value", i / 10 - 0.4)
        values.set(f"/oscillators/{i}/waveform", shapes[i % 5])
        values.set(f"/oscillators/{i}/frequency", 11.0 * i)
        values.set(f"/noise/{i}/kind", kinds[i % 3])
        for slot in range(1, slots + 1):
            values.set(f"/decoder/{slot}/reshape/{i}", (i - 3) * slot / 8)
    for slot in range(1, slots + 1):
        for number, module in enumerate(("offset", "oscillators", "noise")):
            values.set(f"/decoder/{slot}/send/{module}", (slot * 3 + number) % 5 / 4)
    modules: list[LatentModule] = [
        Offset(values, RATE),
        Oscillators(values, RATE, max_instants=max_instants),
        Noise(values, RATE, 9, max_instants=max_instants),
    ]
    return values, LatentSum(values, slots, modules, max_instants=max_instants)


def run(latents: LatentSum, instants: int, sizes: list[int]) -> NDArray[np.float64]:
    out = np.full((latents.slots, 8, instants), np.nan)
    start = turn = 0
    while start < instants:
        n = min(sizes[turn % len(sizes)], instants - start)
        latents.evaluate(start, out[:, :, start : start + n])
        start, turn = start + n, turn + 1
    return out


def test_every_slot_hears_its_own_sends_and_reshaping():
    values, latents = everything()
    out = run(latents, 500, [2, 3, 8])
    _, again = everything()
    parts = np.zeros((3, 8, 500))
    for module, part in zip(again.modules, parts, strict=True):
        for start in range(0, 500, 50):
            module.evaluate(start, part[:, start : start + 50])
    for slot in range(1, 5):
        for channel in range(1, 9):
            total = sum(
                values.get(f"/decoder/{slot}/send/{module.name}") * part[channel - 1]
                for module, part in zip(again.modules, parts, strict=True)
            )
            expected = total * values.get(f"/decoder/{slot}/reshape/{channel}")
            assert np.allclose(out[slot - 1, channel - 1], expected, rtol=1e-13, atol=1e-14)
    assert np.array_equal(latents.last, parts[:, :, -1])


@pytest.mark.parametrize("seed", range(4))
def test_how_calls_are_cut_does_not_change_a_bit(seed: int):
    _, whole = everything(max_instants=3000)
    _, cut = everything()
    sizes = np.random.default_rng(seed).integers(0, 65, 50).tolist() if seed else [1]
    assert np.array_equal(run(whole, 3000, [3000]), run(cut, 3000, sizes))


def test_with_nothing_switched_on_the_latents_are_zero_and_a_send_opens_one_slot():
    values = Values(Table(2))
    latents = LatentSum(values, 2, [Offset(values, RATE), Oscillators(values, RATE)])
    assert not run(latents, 20, [2]).any()
    values.set("/offset/4/value", 0.5)
    values.set("/decoder/2/send/offset", 0)
    latents.reset()
    out = run(latents, 20, [2])
    assert (out[0, 3] == 1).all()
    assert not out[1].any()


def test_a_new_module_needs_only_a_name_and_two_methods():
    values = Values(Table(3))
    ramp: LatentModule = Ramp("noise")
    latents = LatentSum(values, 2, [ramp, Offset(values, RATE)])
    values.set("/offset/1/value", 0.25)
    out = run(latents, 9, [4])
    assert out[1, 0].tolist() == [k + 0.5 for k in range(9)]
    assert out[1, 7].tolist() == [8.0 * k for k in range(9)]


@pytest.mark.parametrize("fault", [np.nan, np.inf, -np.inf, 1e300, 2 * LIMIT])
def test_a_number_that_is_not_finite_never_passes(fault: float):
    values = Values(Table())
    latents = LatentSum(values, 4, [Ramp("noise", fault), Offset(values, RATE)])
    for channel in range(1, 9):
        values.set(f"/offset/{channel}/value", 0.5)
        values.set(f"/decoder/1/reshape/{channel}", 4)
    values.set("/decoder/2/send/noise", 0)
    out = np.full((4, 8, 3), np.nan)
    latents.evaluate(5, out)
    assert np.isfinite(out).all()
    assert out[:, 2, 0].tolist() == [4, 1, 1, 1]  # what is left is the offset
    assert out[2, 2, 1] == 3 * 6 + 1
    assert latents.faults == 1
    latents.reset(8)
    latents.evaluate(8, out)
    assert latents.faults == 1


def test_last_is_one_array_that_cannot_be_written():
    _, latents = everything()
    last, out = latents.last, np.zeros((4, 8, 2))
    latents.evaluate(0, out)
    assert latents.last is last
    assert last.any()
    with pytest.raises(ValueError, match="read-only"):
        last[0, 0] = 1


def test_instants_out_of_turn_are_refused_until_a_reset():
    _, latents = everything(max_instants=4)
    out = np.zeros((4, 8, 2))
    latents.evaluate(10, out)
    with pytest.raises(ValueError, match="instant 12 comes next"):
        latents.evaluate(10, out)
    with pytest.raises(ValueError, match="at most 4"):
        latents.evaluate(12, np.zeros((4, 8, 5)))
    latents.evaluate(12, out)
    latents.reset(10)
    latents.evaluate(10, out)


def test_slots_and_modules_must_be_in_the_table():
    values = Values(Table(2))
    with pytest.raises(ValueError, match=r"3 decoder slots .* the table has 2\."):
        LatentSum(values, 3, [])
    with pytest.raises(ValueError, match="'lfo' has no row"):
        LatentSum(values, 2, [Ramp("lfo")])


TABLE = Table(2)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_the_latents_stay_within_what_the_parameters_allow(data: st.DataObject):
    values = Values(TABLE)
    for parameter in values.table:
        if parameter.address.startswith(("/offset", "/oscillators", "/noise", "/decoder")):
            draw = st.floats(parameter.minimum, parameter.maximum)
            number = data.draw(draw)
            values.set(parameter.address, round(number) if parameter.choices else number)
    modules = [Offset(values, RATE), Oscillators(values, RATE), Noise(values, RATE, 3)]
    latents = LatentSum(values, 2, modules)
    out = run(latents, 60, [2])
    for slot in (1, 2):
        for i in range(1, 9):
            bound = values.get(f"/decoder/{slot}/send/offset") * abs(
                values.get(f"/offset/{i}/value") * values.get("/offset/expression")
            )
            for name in ("oscillators", "noise"):
                bound += (
                    values.get(f"/decoder/{slot}/send/{name}")
                    * values.get(f"/{name}/{i}/amplitude")
                    * values.get(f"/{name}/expression")
                )
            bound *= abs(values.get(f"/decoder/{slot}/reshape/{i}"))
            # Products of the smallest numbers there are lose all digits in one order or another.
            assert np.abs(out[slot - 1, i - 1]).max() <= bound * (1 + 1e-12) + 1e-300


def test_memory_does_not_grow():
    values, latents = everything()
    out = np.zeros((4, 8, 2))

    def play(first: int, blocks: int) -> None:
        for block in range(first, first + blocks):
            values.set("/oscillators/1/frequency", float(block % 100))
            latents.evaluate(2 * block, out)

    play(0, 200)
    tracemalloc.start()
    play(200, 200)
    before = tracemalloc.get_traced_memory()[0]
    play(400, 2000)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 2000
