"""Align: one gesture sounds at one moment, whatever the models' look-aheads."""

import numpy as np
import pytest
import yaml

from appliance.config import Config, DecoderConfig
from appliance.decoders.library import Library
from appliance.engine.instrument import Instrument
from tests.engine.tiny import write_model

QUICK, SLOW = 256, 1024  # samples a frame
LOOK_AHEAD = 3000
WHEN = 8192


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("models")
    for name, ratio, look_ahead in (("quick", QUICK, 0), ("slow", SLOW, LOOK_AHEAD)):
        write_model(folder, name, ratio=ratio)
        path = folder / name / "card.yaml"
        card = yaml.safe_load(path.read_text())
        path.write_text(yaml.safe_dump(card | {"look_ahead": look_ahead}))
    return Library([folder])


def heard(library: Library, align: str) -> np.ndarray:
    """Return the quick slot's voice while the slow one is on but silent."""
    config = Config(decoders=[DecoderConfig(model="quick", seed=1), DecoderConfig(model="slow")])
    instrument = Instrument(config, library)
    instrument.values.update({"/mix/align": align, "/decoder/2/level_db": -60})
    instrument.values.update({"/master/compressor/on": "off", "/offset/1/value": 0.3})
    instrument.settle()
    out = np.zeros((2, WHEN + 16384), np.float32)
    instrument.render(out[:, :WHEN])
    instrument.values.set("/offset/1/value", 1)
    instrument.render(out[:, WHEN:])
    return out


def test_the_quick_one_waits_for_the_slow_one(library: Library) -> None:
    plain, aligned = heard(library, "off"), heard(library, "on")
    wait = LOOK_AHEAD + SLOW // 2 - QUICK // 2
    settled = slice(WHEN + 512, WHEN + 10_000)
    late = aligned[:, settled.start + wait : settled.stop + wait]
    assert np.array_equal(plain[:, settled], late)
    assert not aligned[:, : wait // 2].any()


def test_switching_it_while_playing_does_not_click(library: Library) -> None:
    config = Config(decoders=[DecoderConfig(model="quick", seed=1), DecoderConfig(model="slow")])
    instrument = Instrument(config, library)
    instrument.values.update({"/offset/1/value": 0.3, "/master/compressor/on": "off"})
    instrument.settle()
    out = np.zeros((2, 40_000), np.float32)
    for start, align in ((0, "off"), (16_000, "on"), (28_000, "off")):
        instrument.values.set("/mix/align", align)
        instrument.render(out[:, start : start + 16_000][:, : 40_000 - start])
    rough = np.abs(np.diff(out[:, 4000:], 2)).max(axis=0)
    usual = rough[:11_000].max()
    for switched in (12_000, 24_000):
        assert rough[switched - 300 : switched + 1500].max() <= 1.5 * usual
    assert [group.late for group in instrument.groups] == [0, 0]
