"""`neural-synth presets`: look at, check, move and render presets and banks."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np
import soundfile
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from appliance.cli.settings import config_option, configuration, open_library
from appliance.config import Config
from appliance.engine.instrument import Instrument
from appliance.errors import ApplianceError, PresetError
from appliance.places import data_folder
from appliance.presets.archive import export_bank, import_bank
from appliance.presets.bank import Bank, check_slot, read_bank
from appliance.presets.box import box_values
from appliance.presets.clicks import HOWS, LIMIT_DB, Recall, listen
from appliance.presets.file_name import find_file
from appliance.presets.finding import factory_shelf, find_preset, shelf, user_shelf
from appliance.presets.manual import manual
from appliance.presets.preset import (
    Preset,
    every_slot,
    number_text,
    read_preset,
    write_preset,
)
from appliance.presets.shelf import Shelf
from appliance.presets.survey import Review, renderings, review

bank_option = click.option(
    "--bank", "bank_name", metavar="BANK", help="user (the default), factory, or a folder."
)


@click.group()
def presets() -> None:
    """List, check, copy, compare, export, import and render presets.

    PRESET is a slot (7), a slot of the factory bank (factory:7), a name or a file.
    """


@presets.command("list")
@bank_option
def list_(bank_name: str | None) -> None:
    """List the filled slots of a bank."""
    bank, chosen, problems = _bank(Config(), bank_name)
    table = Table("slot", "name", "tags", "parameters", "files")
    for slot in bank:
        preset = bank[slot].preset
        table.add_row(
            str(slot),
            preset.name,
            ", ".join(preset.tags),
            str(len(preset.parameters)),
            ", ".join(preset.files.values()),
        )
    Console().print(table)
    click.echo(f"{len(list(bank))} presets in {chosen.folder}")
    for problem in problems:
        click.echo(f"Error: {problem}", err=True)


@presets.command()
@click.argument("preset")
def show(preset: str) -> None:
    """Print a preset in order, with all that it sets."""
    click.echo(write_preset(read_preset(find_preset(preset))), nl=False)


@presets.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@bank_option
def check(files: tuple[Path, ...], bank_name: str | None) -> None:
    """Check preset FILES, or without any a whole bank, and the files they play from."""
    chosen = shelf(bank_name)
    looked = sorted(files) or [file for _, file in sorted(chosen.files().items())]
    if not looked:
        raise PresetError(f"There are no presets in {chosen.folder}.")
    wrong = [f"{file} is passed over: another file has its slot." for file in chosen.doubles()]
    for file in looked:
        try:
            preset = read_preset(file)
            for name in preset.files.values():
                find_file(name, (data_folder(), factory_shelf().folder))
        except PresetError as error:
            wrong.append(str(error))
        else:
            click.echo(f"{file}: {preset.name}, ok")
    for sentence in wrong:
        click.echo(f"Error: {sentence}", err=True)
    if wrong:
        raise SystemExit(PresetError.exit_code)


@presets.command()
@click.argument("preset")
@click.argument("slot", type=int)
@click.option("--force", is_flag=True, help="Overwrite a filled slot; its history keeps it.")
def copy(preset: str, slot: int, force: bool) -> None:
    """Copy PRESET into SLOT of the user's bank, also while the instrument plays."""
    check_slot(slot)
    found = find_preset(preset)
    name = read_preset(found).name
    data = found.read_bytes()
    target = _user_bank()
    if slot in target.files() and not force:
        raise PresetError(f"Slot {slot} is filled. Overwrite it with --force.")
    target.write({slot: data})
    click.echo(f"{name} is in slot {slot}")


@presets.command()
@click.argument("one")
@click.argument("other")
def diff(one: str, other: str) -> None:
    """Print what differs between two presets: values in the one, in the other."""
    first, second = (read_preset(find_preset(name)) for name in (one, other))
    rows = list(_differences(first, second))
    table = Table("", first.name, second.name)
    for row in rows:
        table.add_row(*row)
    Console().print(table if rows else "no difference")


@presets.command()
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False))
@bank_option
def export(archive: Path, bank_name: str | None) -> None:
    """Write a bank and the files it plays from as one zip ARCHIVE."""
    bank, chosen, problems = _bank(Config(), bank_name)
    if not list(bank):
        raise PresetError(f"There are no presets in {chosen.folder}.")
    for sentence in (*problems, *export_bank(bank, archive, _folders(chosen))):
        click.echo(f"Error: {sentence}", err=True)
    click.echo(f"{archive}: {len(list(bank))} presets")


@presets.command("import")
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Slots may be overwritten; their history keeps them.")
def import_(archive: Path, force: bool) -> None:
    """Take the slots of a zip ARCHIVE over into the user's bank, all or none."""
    bank, _, _ = _bank(Config(), None)
    target = _user_bank()
    occupied = () if force else target.files()
    entries = import_bank(archive, bank, data_folder(), occupied=occupied)
    target.write({slot: entry.data for slot, entry in entries.items()})
    click.echo(f"{len(entries)} presets are in {target.folder}")


@presets.command("render-all")
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--seconds", type=click.FloatRange(1, 600), default=8.0, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**16 - 1), default=0, help="Of all random numbers.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@config_option
@bank_option
def render_all(
    folder: Path | None,
    seconds: float,
    seed: int,
    as_json: bool,
    config_path: Path | None,
    bank_name: str | None,
) -> None:
    """Render every preset of a bank and review it; into FOLDER as .flac, if one is given.

    A preset should be heard within 2 s, at -24 to -12 LUFS, and be unlike every other one.
    """
    config, _ = configuration(config_path)
    bank, chosen, problems = _bank(config, bank_name)
    if problems or not list(bank):
        raise PresetError(problems[0] if problems else f"There are no presets in {chosen.folder}.")
    library = open_library(config)
    heard: list[tuple[int, NDArray[np.float32]]] = []
    with Console(stderr=True).status("rendering") as line:
        for slot, audio in renderings(
            bank, lambda: Instrument(config, library, seed=seed), seconds, _folders(chosen)
        ):
            line.update(f"slot {slot}: {bank[slot].preset.name}")
            heard.append((slot, audio))
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
                name = chosen.files()[slot].with_suffix(".flac").name
                soundfile.write(folder / name, audio.T, config.audio.rate, "PCM_24")
    reviews = review(bank, heard, config.audio.rate)
    if as_json:
        click.echo(json.dumps([asdict(r) | {"faults": r.faults} for r in reviews], indent=2))
    else:
        Console().print(_review_table(reviews))
        for each in reviews:
            for fault in each.faults:
                click.echo(f"slot {each.slot}: {fault}")
    if any(r.faults for r in reviews):
        raise SystemExit(ApplianceError.exit_code)


@presets.command()
@click.option("--pairs", type=click.IntRange(1), default=64, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, help="Of the pairs.")
@config_option
@bank_option
def clicks(pairs: int, seed: int, config_path: Path | None, bank_name: str | None) -> None:
    """Recall random pairs of a bank at once, in time and by hand, and listen for clicks.

    Tones stand in for the decoders, so that nothing masks a click. It is given relative to the
    sound's peak; over -60 dB is too much.
    """
    config, _ = configuration(config_path)
    bank, chosen, problems = _bank(config, bank_name)
    slots = list(bank)
    if problems or len(slots) < 2:
        raise PresetError(problems[0] if problems else f"{chosen.folder} has no two presets.")
    order = np.random.default_rng(seed)
    targets = [order.permutation(slots) for _ in range(-(-pairs // len(slots)))]
    chosen_pairs = [
        (int(start), int(end))
        for target in targets
        for start, end in zip(slots, target, strict=True)
        if start != end
    ][:pairs]
    heard: list[Recall] = []
    for recall in listen(bank, chosen_pairs, config.audio.rate):
        heard.append(recall)
        if recall.click_db > LIMIT_DB:
            click.echo(f"{recall.start} to {recall.end}, {recall.how}: {recall.click_db:.1f} dB")
    for how in HOWS:
        levels = [r.click_db for r in heard if r.how == how]
        over = sum(level > LIMIT_DB for level in levels)
        click.echo(f"{how}: loudest {max(levels):.1f} dB, {over} of {len(levels)} over the limit")
    if any(r.click_db > LIMIT_DB for r in heard):
        raise SystemExit(ApplianceError.exit_code)


@presets.command("format")
def format_() -> None:
    """Print the format of presets and their OSC messages as Markdown."""
    click.echo(manual(), nl=False)


def _bank(config: Config, name: str | None) -> tuple[Bank, Shelf, list[str]]:
    """Return a bank, where it lies, and what is wrong with it."""
    chosen = shelf(name)
    if name is None and not chosen.exists:
        chosen = factory_shelf()  # the user's bank begins as a copy of it
    values = box_values(config)
    bank = Bank(values.table, values.array.copy())
    return bank, chosen, read_bank(bank, chosen)


def _user_bank() -> Shelf:
    """Return the user's bank, made from the factory's if it is not there yet."""
    target = user_shelf()
    if not target.exists:
        factory = factory_shelf().read()
        target.write({slot: data for slot, data in factory.items() if isinstance(data, bytes)})
    return target


def _folders(chosen: Shelf) -> tuple[Path, ...]:
    return (data_folder(), chosen.folder, factory_shelf().folder)


def _differences(one: Preset, other: Preset) -> Iterable[tuple[str, str, str]]:
    table = every_slot()
    for address in sorted({*one.parameters, *other.parameters}, key=table.index):
        parameter = table[address]
        shown: list[str] = []
        for preset in (one, other):
            value = preset.parameters.get(address)
            number = float(parameter.default if value is None else value)
            text = parameter.choices[int(number)] if parameter.choices else number_text(number)
            shown.append(text if value is not None else f"({text})")
        if shown[0].strip("()") != shown[1].strip("()"):
            yield address, shown[0], shown[1]
    for address in sorted({*one.files, *other.files}):
        names = one.files.get(address, ""), other.files.get(address, "")
        if names[0] != names[1]:
            yield address, *names


def _review_table(reviews: Iterable[Review]) -> Table:
    table = Table("slot", "name", "LUFS", "peak dBFS", "heard after", "nearest", "distance")
    for r in reviews:
        table.add_row(
            str(r.slot),
            r.name,
            f"{r.loudness:.1f}",
            f"{20 * np.log10(max(r.peak, 1e-6)):.1f}",
            "never" if r.audible is None else f"{r.audible:.2f} s",
            "" if r.nearest is None else str(r.nearest),
            "" if r.distance is None else f"{r.distance:.1f} dB",
        )
    return table
