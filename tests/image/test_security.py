"""The documented exposure of each service is that of the units as they are."""

from image.security import NEEDS, auditor, services, sums, table
from image.steps.variant import PROJECT

PAGE = (PROJECT / "docs/image.md").read_text()
REMEDY = "run: python -m image.security, and put its table into docs/image.md"


def test_the_table_was_made_of_these_units() -> None:
    # This part needs no systemd: the page carries a sum of what was judged.
    assert f"units {sums()}." in PAGE, REMEDY
    names = {
        file.name.removeprefix("neural-synth-").removesuffix(".service") for file in services()
    }
    assert names == set(NEEDS)
    for name, need in NEEDS.items():
        rows = [line for line in PAGE.splitlines() if line.startswith(f"| {name.strip('@')} | ")]
        assert any(row.endswith(f" | {need} |") for row in rows), REMEDY


def test_the_table_is_what_the_auditor_says() -> None:
    if f"Judged by systemd {auditor()};" in PAGE:
        assert table() in PAGE, REMEDY
    else:
        # Another version's scale, or none at hand: the numbers of the page stand.
        assert "Judged by systemd 2" in PAGE
