"""`neural-synth reset`: back to the factory, by both footswitches held at power-on."""

import contextlib
from pathlib import Path

import click

from appliance.board import this_board
from appliance.cli.settings import config_option, configuration
from appliance.config import Config
from appliance.errors import ApplianceError, ConfigError
from appliance.panel.footswitch.part import held_now
from appliance.reset import HOLD_SECONDS, held_long_enough, put_aside

_PLAYER = Path("/data/player")
_ASIDE = Path("/data/system/before-reset")


@click.command(hidden=True)
@click.option("--held", is_flag=True, help="Only if both footswitches stay down.")
@config_option
def reset(held: bool, config_path: Path | None) -> None:
    """Put aside all presets, models and settings that the player has brought."""
    try:
        config, _ = configuration(config_path)
    except ConfigError:
        config = Config()
    board = this_board()
    if held and not held_long_enough(
        lambda: all(held_now(config.panel.footswitch, board)),
        lambda left: _show(config, "Factory reset", f"in {left} s", "Let go to cancel"),
        seconds=HOLD_SECONDS,
    ):
        _show(config, "No reset", "Everything is kept.", "")
        click.echo("The footswitches were let go: nothing is reset.")
        return
    moved = put_aside(_PLAYER, _ASIDE)
    _show(config, "Factory reset", "Done. Your files are", "put aside on the card.")
    click.echo(f"Put {moved} things aside in {_ASIDE}.")


def _show(config: Config, title: str, *lines: str) -> None:
    with contextlib.suppress(ApplianceError, ImportError, OSError):
        from appliance.panel.oled.part import farewell as show  # noqa: PLC0415
        from appliance.panel.oled.screen import Notice  # noqa: PLC0415

        show(config.panel.oled, Notice(title, lines))
