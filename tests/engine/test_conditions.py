"""A conditioned model in a slot: its labels are parameters with names, and heard."""

import numpy as np
import pytest

from appliance.config import Config, DecoderConfig
from appliance.decoders.importer import import_model
from appliance.decoders.library import Library
from appliance.engine.instrument import Instrument
from appliance.errors import ParameterError
from appliance.presets.box import box_values
from appliance.presets.preset import Preset
from tests.decoders.vschaos2_export import make_vschaos2

PITCH = "/decoder/2/condition/2"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("models")
    for name, conditioned in (("plain", False), ("voice", True)):
        source = make_vschaos2(folder / f"{name}.ts", "small", conditioned=conditioned)
        import_model(source, folder, precision="fp32")
    return Library([folder])


@pytest.fixture
def instrument(library: Library) -> Instrument:
    slots = [DecoderConfig(model="plain"), DecoderConfig(model="voice", seed=2)]
    return Instrument(Config(decoders=slots), library)


def heard(instrument: Instrument) -> np.ndarray:
    out = np.zeros((2, 2048), np.float32)
    instrument.render(out)
    return out


def test_labels_have_the_names_and_ranges_of_the_card(instrument: Instrument) -> None:
    table = instrument.values.table
    assert (table[PITCH].name, table[PITCH].range) == ("Pitch", "0 to 11")
    assert (table["/decoder/2/condition/1"].name, table["/decoder/1/condition/1"].name) == (
        "Octave",
        "Condition",
    )
    with pytest.raises(ParameterError, match="cannot be 12: it must be a number from 0 to 11"):
        instrument.values.set(PITCH, 12)


def test_a_label_is_heard_in_its_own_slot(library: Library) -> None:
    sounds: list[np.ndarray] = []
    slots = [DecoderConfig(model="voice", seed=2), DecoderConfig(model="voice", seed=3, on=False)]
    for address, value in ((None, 0), ("/decoder/1/condition/2", 7), ("/decoder/2/condition/2", 7)):
        instrument = Instrument(Config(decoders=slots), library)
        if address is not None:
            instrument.values.set(address, value)
        sounds.append(heard(instrument))
    assert np.abs(sounds[1] - sounds[0]).max() > 1e-3
    assert np.array_equal(sounds[2], sounds[0])


def test_a_preset_of_another_model_stops_at_the_last_class(instrument: Instrument) -> None:
    values = instrument.values
    settings = Preset(name="High", parameters={PITCH: 100.0}).settings(values.table, values.array)
    assert settings[values.table.index(PITCH)] == 11
    assert len(box_values(Config()).array) == len(box_values(Config(), [[]] * 4).array)
