"""What makes a step run again: everything its result can depend on, and nothing else."""

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pytest

from image.steps.application import SOURCES
from image.steps.command import STEPS
from image.steps.keys import KEY as UPDATE_KEY
from image.steps.manifest import VARIES, Manifest
from image.steps.variant import PROJECT, BuildError, Variant, read_variant
from image.steps.workshop import KEY, Record, Workshop, digest, program
from tests.image.twice import differences

EPOCH = 1_700_000_000


@pytest.fixture(autouse=True)
def own_update_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "update.key"
    file.write_text("11" * 32)
    monkeypatch.setenv(UPDATE_KEY, str(file))
    return file


def keys(variant: Variant, epoch: int = EPOCH) -> dict[str, str]:
    """Return the key of every step of a build in which nothing was kept."""
    shop = Workshop(variant, epoch=epoch)
    for step in STEPS:
        shop.records[step.name] = Record(shop.key(step), False, 0.0)
    return {name: record.key for name, record in shop.records.items()}


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_the_same_build_has_the_same_keys() -> None:
    assert keys(read_variant("pi5-debian")) == keys(read_variant("pi5-debian"))


def other(value: Any) -> Any:
    """Return another value of the same type."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return "arm64" if value == "amd64" else f"{value}x"
        case dict():
            return {key: number + 1 for key, number in value.items()}  # pyright: ignore
        case _:
            return (*value, value[0])


FIELDS = [field.name for field in dataclasses.fields(Variant) if field.name != "arch"]


@pytest.mark.parametrize("field", FIELDS)
def test_no_step_overlooks_a_word_of_the_variant(field: str) -> None:
    variant = read_variant("pi5-debian")
    changes: dict[str, Any] = {field: other(getattr(variant, field))}
    before, after = keys(variant), keys(dataclasses.replace(variant, **changes))
    assert changed(before, after) == {step.name for step in STEPS}


def test_a_commits_time_is_in_the_keys_of_all_that_bears_it() -> None:
    variant = read_variant("qemu-amd64")
    # Unpacked packages and the kernel outlive a commit: their dates are not in the image.
    assert {step.name for step in STEPS} - changed(keys(variant), keys(variant, EPOCH + 1)) == {
        "archives",
        "debian",
        "kernel",
    }


def test_a_step_that_is_not_dated_sees_no_date(tmp_path: Path) -> None:
    class Curious(Counted):
        name = "curious"

        def make(self, shop: Workshop, out: Path) -> None:
            said = shop.call(["sh", "-c", "echo $SOURCE_DATE_EPOCH"])
            (out / "said").write_text(said)
            with pytest.raises(AssertionError, match="must be dated"):
                _ = shop.epoch

    (tmp_path / "source").write_text("1")
    Workshop(read_variant("qemu-amd64"), tmp_path, EPOCH).run(Curious(tmp_path / "source"))
    assert (tmp_path / "curious/said").read_text() == "0\n"


def test_another_update_key_is_another_image(own_update_key: Path) -> None:
    variant = read_variant("qemu-amd64")
    before = keys(variant)
    own_update_key.write_text("22" * 32)
    assert {"configuration", "root", "disk", "update", "manifest"} <= changed(before, keys(variant))
    assert "kernel" not in changed(before, keys(variant))


def test_a_steps_program_is_all_that_it_imports() -> None:
    names = {file.stem for file in program("image.steps.initramfs")}
    assert {"initramfs", "devicetree", "kernel", "debian", "archives", "variant"} <= names
    assert "command" not in names
    for step in STEPS:
        assert program(type(step).__module__), step.name


def test_the_wheel_is_made_again_for_every_file_in_it() -> None:
    build = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    wheel = build["targets"]["wheel"]
    assert {*wheel["packages"], *wheel["force-include"]} <= set(SOURCES)


def test_the_manifest_has_every_section_that_may_vary() -> None:
    source = (PROJECT / "image/steps/manifest.py").read_text()
    assert set(Manifest.after) >= {"archives", "application", "disk"}
    for section in VARIES:
        assert f'            "{section}": ' in source


class Choice:
    """A step whose result, not its inputs, decides about those after it."""

    name = "choice"
    after: tuple[str, ...] = ()
    dated = False

    def __init__(self, place: str, chosen: str) -> None:
        self.place, self.chosen = place, chosen

    def inputs(self, shop: Workshop) -> list[Any]:
        return [self.place]

    def make(self, shop: Workshop, out: Path) -> None:
        (out / KEY).write_text(digest([self.chosen]))


def test_the_same_packages_from_another_mirror_change_nothing(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("1")
    step = Counted(source)
    step.after = ("choice",)
    for place, chosen, times in (("a", "1", 1), ("b", "1", 1), ("b", "1", 1), ("a", "2", 2)):
        shop = Workshop(read_variant("qemu-amd64"), tmp_path / "shop")
        shop.run(Choice(place, chosen))
        shop.run(step)
        assert step.times == times


class Counted:
    """A step that counts how often it is made."""

    name = "counted"
    after: tuple[str, ...] = ()
    dated = False

    def __init__(self, source: Path) -> None:
        self.source, self.times = source, 0

    def inputs(self, shop: Workshop) -> list[Any]:
        return [self.source]

    def make(self, shop: Workshop, out: Path) -> None:
        self.times += 1
        if self.source.read_text() == "bad":
            raise BuildError("bad")
        shop.call(["cp", self.source, out])


def test_a_step_is_made_again_only_when_its_inputs_change(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("1")
    step, folder = Counted(source), tmp_path / "shop"
    for _ in range(2):
        Workshop(read_variant("qemu-amd64"), folder).run(step)
    assert step.times == 1
    source.write_text("bad")
    for _ in range(2):
        with pytest.raises(BuildError):
            Workshop(read_variant("qemu-amd64"), folder).run(step)
    source.write_text("1")
    # What failed in between has left nothing that counts as done.
    Workshop(read_variant("qemu-amd64"), folder).run(step)
    assert step.times == 4
    assert (folder / "counted/source").read_text() == "1"


def test_contents_count_not_times(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("same")
    before = digest([file])
    file.touch()
    assert digest([file]) == before
    file.write_text("other")
    assert digest([file]) != before


def test_two_manifests_may_differ_where_they_say_so() -> None:
    one = {"commit": "1", "tools": {"gcc": "1"}, "artefacts": {"root": "a"}}
    assert differences(one, one) == []
    assert differences(one, {**one, "artefacts": {"root": "b"}}) == ["root"]
    assert differences(one, {**one, "tools": {"gcc": "2"}, "artefacts": {"root": "b"}}) == []
    assert differences(one, {**one, "commit": "2"}) == ["commit"]
