"""Pages that are written from the program's own tables."""

from pathlib import Path

from appliance.jam.manual import manual as jam_page
from appliance.parameters.page import parameters_page
from appliance.parameters.table import ROWS
from appliance.presets.manual import manual as presets_page

DOCS = Path(__file__).parent.parent / "docs"


def test_the_page_of_parameters_is_that_of_the_table() -> None:
    remedy = "run: neural-synth params --markdown > docs/parameters.md"
    assert (DOCS / "parameters.md").read_text() == parameters_page(), remedy


def test_the_pages_of_presets_and_jam_are_what_the_commands_print() -> None:
    remedy = "run: neural-synth presets format > docs/presets.md"
    assert (DOCS / "presets.md").read_text() == presets_page(), remedy
    remedy = "run: neural-synth latents messages > docs/jam.md"
    assert (DOCS / "jam.md").read_text() == jam_page(), remedy


def test_every_row_is_described() -> None:
    page = parameters_page()
    for row in ROWS:
        assert page.count(f"| `{row.address}` |") == 1, row.address
        assert row.description and row.name
