"""Going back to the factory: only when both switches stay down, and nothing is lost by it."""

from pathlib import Path

import pytest

from appliance.reset import held_long_enough, put_aside


class Foot:
    """Both switches, let go after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.now, self.until = 0.0, seconds
        self.told: list[int] = []

    def holds(self) -> bool:
        return held_long_enough(
            lambda: self.now < self.until,
            self.told.append,
            clock=lambda: self.now,
            sleep=self.sleep,
        )

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_ten_seconds_are_counted_down() -> None:
    foot = Foot(60.0)
    assert foot.holds()
    assert foot.told == list(range(10, 0, -1))


@pytest.mark.parametrize("seconds", [0.0, 3.0, 9.5])
def test_letting_go_takes_it_back(seconds: float) -> None:
    assert not Foot(seconds).holds()


def test_all_is_put_aside_and_an_earlier_reset_makes_room(tmp_path: Path) -> None:
    player, aside = tmp_path / "player", tmp_path / "before-reset"
    for content in ("first", "second"):
        (player / "presets").mkdir(parents=True)
        (player / "presets/01.yaml").write_text(content)
        (player / "config.yaml").write_text(content)
        assert put_aside(player, aside) == 2
        assert list(player.iterdir()) == []
        assert (aside / "presets/01.yaml").read_text() == content
    assert put_aside(player, aside) == 0
    assert (aside / "config.yaml").read_text() == "second"


def test_a_reset_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    player, aside = tmp_path / "player", tmp_path / "before-reset"
    (player / "left").mkdir(parents=True)
    (tmp_path / "before-reset.unfinished").mkdir()
    (tmp_path / "before-reset.unfinished/moved").write_text("x")
    put_aside(player, aside)
    assert sorted(file.name for file in aside.iterdir()) == ["left", "moved"]
