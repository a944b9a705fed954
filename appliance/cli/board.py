"""`neural-synth board`: which computer this is, and what it needs before anything plays."""

import click

from appliance.board import set_governor, this_board
from appliance.config import load_config
from appliance.errors import ConfigError
from appliance.panel.footswitch.part import held_now
from appliance.panel.settings import FootswitchConfig
from appliance.start_up import note_held
from appliance.yaml_text import write_yaml


@click.command()
@click.option("--apply", "applies", is_flag=True, help="Make it ready to play; needs root.")
def board(applies: bool) -> None:
    """Show what is known of this computer, or set its clocks and see what is held down."""
    found = this_board()
    if not applies:
        click.echo(write_yaml(found), nl=False)
        return
    click.echo(f"board: {found.name}")
    for refusal in set_governor(found.governor) if found.governor else ():
        click.echo(f"clock not set: {refusal}", err=True)
    left, right = held_now(_footswitch(), found)
    note_held("both" if left and right else "left" if left else "right" if right else "none")


def _footswitch() -> FootswitchConfig:
    """Return how the footswitch is wired; the usual way where the configuration cannot be used."""
    try:
        return load_config().config.panel.footswitch
    except ConfigError as error:
        click.echo(str(error), err=True)
        return FootswitchConfig()
