"""Writes the player's bank and a report onto a stick that asks for them."""

import contextlib
import os
import re
from pathlib import Path

from appliance.errors import DeviceError, PresetError
from appliance.panel.usb.survey import HOME, OUTPUT
from appliance.parameters import Values
from appliance.presets.archive import export_bank
from appliance.presets.bank import Bank, read_bank
from appliance.presets.finding import factory_shelf
from appliance.presets.preset import every_slot
from appliance.presets.shelf import Shelf
from appliance.storage import make_folder, write_file


def export(stick: Path, folder: Path, name: str, report: str) -> list[str]:
    """Write bank and `report` of the box `name`; return what was written, or what is missing.

    On return all of it is on the stick. Raises DeviceError.
    """
    target = stick / HOME / OUTPUT
    bank_name = re.sub(r"[^A-Za-z0-9_.+-]+", "-", f"{name}-bank.zip").lstrip("-.")
    table = every_slot()
    bank = Bank(table, Values(table).array)
    shelf = Shelf(folder / "presets" / "bank")
    read_bank(bank, shelf if shelf.exists else factory_shelf())
    try:
        make_folder(target)
        missing = export_bank(bank, target / bank_name, (folder, factory_shelf().folder))
        write_file(target / "report.txt", report.encode())
        _settle(target)
    except (OSError, PresetError) as error:
        raise DeviceError(
            f"The stick takes no files ({error}). Is it full, or locked against writing?"
        ) from error
    return [f"{len(list(bank))} presets were written to {HOME}/{OUTPUT}/{bank_name}.", *missing]


def _settle(folder: Path) -> None:
    """Wait until the whole stick is written: it may be pulled out at once."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
        os.sync()
    finally:
        os.close(handle)
