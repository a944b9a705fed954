"""Whether presets keep what they promise: random files, cut saves, loading, the cost of a morph."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from appliance.config import Config
from appliance.latent import Clock, Jam, LatentSum, Noise, Offset, Oscillators
from appliance.latent.grid import block_instants
from appliance.latent.terrain import Terrain
from appliance.machine import describe
from appliance.mixing import Master, Mixer
from appliance.parameters import Values
from appliance.presets.bank import Bank, read_bank
from appliance.presets.box import box_values
from appliance.presets.finding import factory_shelf
from appliance.presets.morph import Morph
from appliance.presets.order import Kind, Order
from appliance.presets.preset import Preset, write_preset
from appliance.presets.shelf import Shelf
from tests.presets.faulty_disk import build, environment
from tests.presets.random_settings import random_settings

ROOT = Path(__file__).parents[2]
RATE, BLOCK = 44100, 256


@click.command()
@click.option("--files", default=10_000, show_default=True, help="Random preset files to read.")
@click.option("--kills", default=500, show_default=True, help="Saves to kill; all errors besides.")
def presets(files: int, kills: int) -> None:
    """Read random files, cut saves off, time the loading of banks and the cost of morphs."""
    click.echo(describe())
    with tempfile.TemporaryDirectory() as folder:
        for name, shelf in (("factory", factory_shelf()), ("full", _full(Path(folder)))):
            count, seconds = _load(shelf)
            click.echo(f"{name} bank: {count} presets in {1e3 * seconds:.0f} ms")
    values = box_values(Config())
    bank = Bank(values.table, values.array.copy())
    read_bank(bank, factory_shelf())
    every = [random_settings(values.table, seed) for seed in (1, 2)]
    kinds = {
        "every parameter": every,
        "slots 9 and 24": [bank[slot].settings for slot in (9, 24)],
        "slots 41 and 53": [bank[slot].settings for slot in (41, 53)],
    }
    for name, ends in kinds.items():
        way, rest = 100 * _standing(values, ends, 10), 100 * _standing(values, ends, 2)
        for seconds in (0.5, 2.0, 10.0):
            moving = 100 * _moving(values, ends, seconds)
            click.echo(
                f"morph of {seconds:g} s, {name}: {moving - way:.2f} % of a core beside the same "
                f"sounds standing still on the way, {moving - rest:.2f} % beside both ends"
            )
    environ = os.environ | {"PRESET_FILES": str(files)}
    command = [sys.executable, "-m", "pytest", "-q", "tests/presets/test_random_files.py"]
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    click.echo(f"{files} random files: {done.stdout.splitlines()[-1]}")
    click.echo(_saves(kills))


def _full(folder: Path) -> Shelf:
    """Return a bank of 64 presets that set every parameter."""
    table = box_values(Config()).table
    for slot in range(1, 65):
        settings = random_settings(table, slot)
        values: dict[str, float | str] = {
            p.address: float(settings[n]) for n, p in enumerate(table)
        }
        text = write_preset(Preset(name=f"Full {slot}", parameters=values))
        (folder / f"{slot:02}.yaml").write_text(text)
    return Shelf(folder)


def _load(shelf: Shelf) -> tuple[int, float]:
    """Return how many presets are read and the least processor time of five readings."""
    values = box_values(Config())
    times: list[float] = []
    bank = Bank(values.table, values.array)
    for _ in range(5):
        begun = time.process_time()
        assert not read_bank(bank, shelf)
        times.append(time.process_time() - begun)
    return len(list(bank)), min(times)


def _moving(values: Values, ends: Sequence[NDArray[np.float64]], seconds: float) -> float:
    """Return what morphs between `ends` cost with all they sound with, in cores."""

    def walk(play: "_Sound") -> None:
        count = round(seconds * RATE) // BLOCK
        for number in range(2 * max(1, round(2 / seconds))):
            end = ends[1 - number % 2]
            play.morph.take(Order(Kind.GO, end=end, samples=count * BLOCK))
            play.run(count)

    return _least(values, ends, walk)


def _standing(values: Values, ends: Sequence[NDArray[np.float64]], places: int) -> float:
    """Return what the sounds at `places` from one end to the other cost, in cores."""

    def stand(play: "_Sound") -> None:
        for share in np.linspace(0, 1, places):
            order = Order(Kind.BETWEEN, start=ends[0], end=ends[1], share=float(share))
            play.morph.take(order)
            play.run(round(5 / places * RATE) // BLOCK)

    return _least(values, ends, stand)


def _least(
    values: Values, ends: Sequence[NDArray[np.float64]], act: Callable[["_Sound"], None]
) -> float:
    """Return the least of three costs of `act`, in cores."""
    spent: list[float] = []
    for _ in range(3):
        values.array[:] = ends[0]
        play = _Sound(values)
        begun = time.process_time()
        act(play)
        spent.append((time.process_time() - begun) / (play.sample / RATE))
    return min(spent)


class _Sound:
    """All modules, mixer and master of an instrument, without decoders."""

    def __init__(self, values: Values) -> None:
        self.morph = Morph(values)
        self.clock = Clock(values, RATE)
        jam, terrain = Jam(values, RATE, clock=self.clock), Terrain(values, RATE)
        modules = (
            Offset(values, RATE),
            Oscillators(values, RATE, clock=self.clock),
            Noise(values, RATE, 0, clock=self.clock),
            jam,
            terrain,
        )
        self.latents = LatentSum(values, values.table.slots, modules)
        slots = values.table.slots
        self.mixer, self.master = Mixer(values, slots, RATE, BLOCK), Master(values, RATE, BLOCK)
        self.voices = np.zeros((slots, BLOCK), np.float32)
        self.out = np.zeros((2, BLOCK), np.float32)
        self.z = np.zeros((slots, 8, 8))
        self.sample = 0

    def run(self, blocks: int) -> None:
        for _ in range(blocks):
            self.morph.step(self.sample)
            first, n = block_instants(self.sample, BLOCK)
            self.clock.advance(first, n)
            self.latents.evaluate(first, self.z[:, :, :n])
            self.mixer.process(self.voices, self.out)
            self.master.process(self.out)
            self.sample += BLOCK


def _saves(kills: int) -> str:
    from tests.presets.test_saving import calls_of, verdict  # noqa: PLC0415 (pytest is heavy)

    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        library = build(Path(folder))
        done = subprocess.run(
            [sys.executable, "-m", "tests.presets.saving", f"{folder}/campaign", str(kills)],
            cwd=ROOT,
            env=environment(library),
            capture_output=True,
            text=True,
            check=True,
        )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    calls = calls_of(lines)
    saves = [line for line in lines if "said" in line]
    bad = sum(verdict(line, calls[line["save"]]) is not None for line in saves)
    killed = sum(line["said"] == "killed" for line in saves)
    refused = sum(line["said"] == "refused" for line in saves)
    return f"{len(saves)} saves, {killed} killed and {refused} refused: {bad} bad banks"
