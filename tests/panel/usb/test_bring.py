"""What a stick brings is there afterwards, what was there still is, and a second visit is idle."""

import re
from pathlib import Path

import pytest

from appliance.errors import DeviceError
from appliance.imports.queue import ImportQueue
from appliance.panel.usb.bring import Outcome, bring, resume
from appliance.panel.usb.export import export
from appliance.panel.usb.plan import Plan, Stage, contents
from appliance.panel.usb.visit import VisitReport, read_visit
from appliance.presets.finding import factory_shelf
from appliance.presets.preset import parse_preset
from appliance.presets.shelf import Shelf
from tests.panel.usb.sticks import bank, latents, model, put, sample, text, usual
from tests.presets.box import Box, until


class Player:
    """A player's folder, and sticks that come."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "data"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.runtime = folder / "run"
        self.stick = folder / "stick"
        self.shelf = Shelf(self.folder / "presets" / "bank")
        self.queue = ImportQueue(self.folder / "imports", self.folder / "models")

    def own(self, **slots: bytes) -> None:
        self.shelf.create({int(name.removeprefix("s")): data for name, data in slots.items()})

    def insert(self) -> Outcome:
        report = VisitReport(self.runtime)
        try:
            return bring(self.stick, self.folder, report, self.queue)
        finally:
            report.close()

    @property
    def bank(self) -> dict[int, bytes]:
        return contents(self.shelf)

    def names(self) -> dict[int, str]:
        return {s: parse_preset(d, source="slot").name for s, d in self.bank.items()}


@pytest.fixture
def player(tmp_path: Path) -> Player:
    return Player(tmp_path)


def test_a_bit_of_everything_arrives_and_the_second_visit_is_idle(player: Player) -> None:
    player.own(s1=text("Mine"))
    usual(player.stick)
    outcome = player.insert()
    assert outcome.refused == []
    assert player.names() == {1: "Mine", 2: "Loose", 3: "Rain"}
    assert (player.folder / "samples/voice.wav").read_bytes() == sample()
    assert (player.folder / "latents/rain.npy").read_bytes() == latents()
    assert (player.folder / "config.yaml").read_text() == "name: stage-left\n"
    assert [job.name for job in player.queue.status()] == ["tiny"]
    assert not (player.folder / ".stick").exists()
    before = {f: f.read_bytes() for f in player.folder.rglob("*") if f.is_file()}
    again = player.insert()
    assert (again.taken, again.refused, again.known) == ([], [], 6)
    assert {f: f.read_bytes() for f in player.folder.rglob("*") if f.is_file()} == before


def test_a_first_bank_is_the_factorys_with_what_is_new(player: Player) -> None:
    put(player.stick, "presets/05.yaml", text("Five"))
    player.insert()
    assert player.bank == contents(factory_shelf()) | {5: text("Five")}


def test_a_slot_that_is_taken_keeps_both(player: Player) -> None:
    player.own(s1=text("Mine"), s3=text("Also mine"))
    put(player.stick, "presets/03.yaml", text("Theirs"))
    outcome = player.insert()
    names = player.names()
    assert names[3] == "Theirs"
    assert re.fullmatch(r"Also mine \(\d{4}-\d\d-\d\d\)", names[2])
    assert any("before in slot 3, is in slot 2" in line for line in outcome.taken)


def test_in_a_full_bank_the_old_sound_is_kept_by_its_name(player: Player) -> None:
    player.shelf.create({slot: text(f"Mine {slot}") for slot in range(1, 65)})
    put(player.stick, "presets/07.yaml", text("Theirs"))
    put(player.stick, "presets/plain.yaml", text("Plain"))
    player.insert()
    assert player.names()[7] == "Theirs"
    kept = {f.name: f.read_bytes() for f in (player.folder / "presets").glob("*.yaml")}
    assert len(kept) == 2
    assert kept.pop("plain.yaml") == text("Plain")
    [old] = kept.values()
    assert parse_preset(old, source="kept").name.startswith("Mine 7 (")


def test_a_file_whose_name_is_taken_gets_a_date_and_its_presets_follow(player: Player) -> None:
    player.own(s1=text("Mine"))
    (player.folder / "latents").mkdir()
    (player.folder / "latents/rain.npy").write_bytes(latents(seed=9))
    put(player.stick, "latents/rain.npy", latents())
    put(player.stick, "presets/02.yaml", text("Rain", files={"/jam/1/file": "latents/rain.npy"}))
    player.insert()
    assert (player.folder / "latents/rain.npy").read_bytes() == latents(seed=9)
    [new] = set((player.folder / "latents").glob("rain-*.npy"))
    assert new.read_bytes() == latents()
    preset = parse_preset(player.bank[2], source="slot 2")
    assert preset.files == {"/jam/1/file": f"latents/{new.name}"}


def test_one_bank_takes_the_place_of_the_old_which_is_kept(player: Player) -> None:
    player.own(s1=text("Mine"), s2=text("Mine too"))
    inside = {"latents/rain.npy": latents()}
    rain = text("Rain", files={"/jam/1/file": "latents/rain.npy"})
    put(player.stick, "banks/tour.zip", bank({2: rain, 9: text("Nine")}, inside))
    player.insert()
    assert player.names() == {2: "Rain", 9: "Nine"}
    assert (player.folder / "latents/rain.npy").read_bytes() == latents()
    [kept] = set((player.folder / "presets/banks").glob("bank-*.zip"))
    put(player.stick, "banks/tour.zip", kept.read_bytes())
    player.insert()
    assert player.names() == {1: "Mine", 2: "Mine too"}


def test_of_several_banks_none_is_forced_upon_the_player(player: Player) -> None:
    player.own(s1=text("Mine"))
    for name in ("one", "two"):
        put(player.stick, f"banks/{name}.zip", bank({5: text(name)}))
    player.insert()
    assert player.names() == {1: "Mine"}
    kept = {file.name for file in (player.folder / "presets/banks").iterdir()}
    assert kept == {"one.zip", "two.zip"}


def test_a_configuration_that_cannot_be_used_is_refused(player: Player) -> None:
    (player.folder / "config.yaml").write_text("name: old\n")
    put(player.stick, "config.yaml", b"audio: {rate: fast}\n")
    outcome = player.insert()
    assert (player.folder / "config.yaml").read_text() == "name: old\n"
    assert "audio.rate is fast" in outcome.refused[0]
    put(player.stick, "config.yaml", b"name: new\n")
    player.insert()
    assert (player.folder / "config.yaml").read_text() == "name: new\n"
    [kept] = set(player.folder.glob("config-*.yaml"))
    assert kept.read_text() == "name: old\n"


def test_a_model_of_another_making_gets_a_date(player: Player) -> None:
    home = player.folder / "models" / "tiny"
    home.mkdir(parents=True)
    (home / "card.yaml").write_text("no card\n")
    put(player.stick, "models/tiny.ts", model())
    player.insert()
    # What lies there cannot play, so its name is free.
    assert [job.name for job in player.queue.status()] == ["tiny"]


def test_a_plan_that_was_cut_short_is_carried_out_later(player: Player) -> None:
    player.own(s1=text("Mine"))
    stage = Stage(player.folder)
    stage.empty()
    (stage.path / "samples").mkdir()
    (stage.path / "samples/a.wav").write_bytes(sample())
    (stage.path / "new.yaml").write_bytes(text("New"))
    stage.commit(Plan(moves=[("samples/a.wav", "samples/a.wav")], slots={2: "new.yaml"}))
    assert resume(player.folder)
    assert player.names() == {1: "Mine", 2: "New"}
    assert (player.folder / "samples/a.wav").exists()
    assert not resume(player.folder)


def test_without_our_folder_nothing_happens(player: Player) -> None:
    player.stick.mkdir()
    (player.stick / "holiday.jpg").write_bytes(b"x")
    outcome = player.insert()
    assert outcome.taken == []
    assert outcome.refused == ["There is no folder neural-synth on the stick."]


def test_the_bank_is_written_back_only_when_asked_for(player: Player, tmp_path: Path) -> None:
    player.own(s1=text("Mine"), s2=text("Two"))
    put(player.stick, "presets/03.yaml", text("Three"))
    assert not player.insert().wants_export
    put(player.stick, "export", b"")
    outcome = player.insert()
    assert outcome.wants_export
    said = export(player.stick, player.folder, "stage/left", outcome.text)
    assert said == ["3 presets were written to neural-synth/from-box/stage-left-bank.zip."]
    assert "already" in (player.stick / "neural-synth/from-box/report.txt").read_text()
    other = Player(tmp_path / "other")
    data = (player.stick / "neural-synth/from-box/stage-left-bank.zip").read_bytes()
    put(other.stick, "banks/mine.zip", data)
    other.insert()
    assert other.bank == player.bank


def test_a_playing_box_has_the_new_presets_at_once(player: Player) -> None:
    box = Box(player.folder)
    box.keeper.start()
    try:
        until(lambda: player.shelf.exists)
        until(lambda: not box.status()["unsaved"])
        put(player.stick, "presets/05.yaml", text("Five", 0.77))
        player.insert()
        until(lambda: 5 in box.status()["filled"])
        box("recall", 5)
        assert box.value() == pytest.approx(0.77)
    finally:
        box.keeper.stop()
    assert player.names()[5] == "Five"


def test_a_stick_that_is_quicker_than_the_first_save_is_not_overwritten(player: Player) -> None:
    box = Box(player.folder)
    put(player.stick, "presets/01.yaml", text("Quick", 0.33))
    player.insert()
    box.keeper.start()
    try:
        until(lambda: not box.status()["unsaved"])
        until(lambda: box.keeper.bank[1].preset.name == "Quick")
    finally:
        box.keeper.stop()
    assert player.names()[1] == "Quick"


def test_the_visit_can_be_followed_and_its_death_shows(tmp_path: Path) -> None:
    assert read_visit(tmp_path) is None
    report = VisitReport(tmp_path)
    report.say("copying", "samples/a.wav", share=0.5)
    visit = read_visit(tmp_path)
    assert visit is not None
    assert (visit.stage, visit.share, visit.alive, visit.over) == ("copying", 0.5, True, False)
    report.close()
    visit = read_visit(tmp_path)
    assert visit is not None
    assert visit.over
    assert not visit.alive


def test_a_full_box_says_so_and_stays_as_it_was(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    player.own(s1=text("Mine"))
    usual(player.stick)
    monkeypatch.setattr("appliance.panel.usb.luggage.SPARE", 1 << 60)
    with pytest.raises(DeviceError, match="MB left, too little for"):
        player.insert()
    assert player.names() == {1: "Mine"}
    assert not (player.folder / "config.yaml").exists()
