"""The factory bank: whole, named, tagged, in its order, and heard."""

from pathlib import Path

import numpy as np
import pytest

from appliance.config import Config
from appliance.decoders.library import Library
from appliance.engine.instrument import Instrument
from appliance.places import factory_folder
from appliance.presets.bank import Bank, read_bank
from appliance.presets.box import box_values
from appliance.presets.clicks import HOWS, LIMIT_DB, How, click_db, heard, listen
from appliance.presets.file_name import find_file
from appliance.presets.finding import factory_shelf
from appliance.presets.fingerprint import distance_db, fingerprint
from appliance.presets.preset import write_preset
from appliance.presets.survey import DISTINCT_DB, LOUDNESS_LUFS, render_preset, review

CHAPTERS = ("static", "slow", "periodic", "fast", "noise", "jam", "feedback", "transfer")
"""What each row of eight pads is about, in the order in which it is learnt."""

HEARD = (1, 13, 19, 26, 36, 45, 50, 58)
"""One of each row, which is rendered here; `presets render-all --bank factory` hears them all."""


@pytest.fixture(scope="module")
def bank() -> Bank:
    values = box_values(Config())
    bank = Bank(values.table, values.array.copy())
    assert read_bank(bank, factory_shelf()) == []
    return bank


def test_sixty_four_presets_in_eight_chapters(bank: Bank) -> None:
    assert list(bank) == list(range(1, 65))
    presets = [bank[slot].preset for slot in bank]
    assert len({preset.name for preset in presets}) == 64
    for number, preset in enumerate(presets):
        assert preset.tags[0] == CHAPTERS[number // 8], preset.name
        assert {"choir", "metal"} & set(preset.tags), preset.name
    assert len({tuple(bank[slot].settings) for slot in bank}) == 64


def test_each_file_is_written_as_the_instrument_writes_it(bank: Bank) -> None:
    files = factory_shelf().files()
    for slot in bank:
        assert files[slot].read_text() == write_preset(bank[slot].preset)


def test_all_that_is_played_from_is_there_and_small(bank: Bank) -> None:
    folder = factory_folder("presets")
    used: set[Path] = set()
    for slot in bank:
        used |= {find_file(name, [folder]) for name in bank[slot].preset.files.values()}
    there = {file for kind in ("latents", "samples") for file in (folder / kind).iterdir()}
    assert used <= there
    assert sum(file.stat().st_size for file in there) < 250_000


def test_one_of_each_chapter_is_heard_at_a_fit_level_and_unlike_the_others(bank: Bank) -> None:
    library, config = Library(), Config()
    heard: list[tuple[int, np.ndarray]] = []
    for slot in HEARD:
        instrument = Instrument(config, library)
        audio = render_preset(instrument, bank[slot], 2.0, [factory_folder("presets")])
        heard.append((slot, audio))
    low, high = LOUDNESS_LUFS
    for each in review(bank, heard, config.audio.rate):
        assert each.audible is not None, each
        assert low - 4 < each.loudness < high + 4, each  # of 2 seconds; the command hears more
    prints = [fingerprint(audio, config.audio.rate) for _, audio in heard]
    for number, one in enumerate(prints):
        assert all(distance_db(one, other) > DISTINCT_DB for other in prints[:number])


def test_recalls_of_the_bank_do_not_click(bank: Bank) -> None:
    """Some pairs in every way; `presets clicks --bank factory` goes through many more."""
    pairs = ((38, 1), (5, 24), (60, 33), (32, 44), (8, 5), (64, 3))
    for recall in listen(bank, pairs, Config().audio.rate):
        assert recall.click_db < LIMIT_DB, recall


@pytest.mark.parametrize("how", HOWS)
def test_a_click_in_a_recall_would_be_found_as_loud_as_it_is(bank: Bank, how: How) -> None:
    """Steps put into recalls that have none: 50 dB below the peak is over the limit, 70 is not."""
    for pair in ((38, 1), (5, 24), (60, 33)):
        sound, change, before, after = heard(bank, *pair, how, Config().audio.rate)
        for height_db in (-50.0, -70.0):
            clicked = sound.copy()
            middle = (change.start + change.stop) // 2
            clicked[:, middle:] += 10 ** (height_db / 20) * np.abs(sound).max()
            found = click_db(clicked, change, before, after)
            assert (found > LIMIT_DB) == (height_db > LIMIT_DB), (pair, height_db, found)
            if height_db > LIMIT_DB:
                assert found == pytest.approx(height_db, abs=3)
