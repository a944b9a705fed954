"""`neural-synth board`: which computer this is, and what it needs before anything plays."""

import click

from appliance.board import set_governor, this_board
from appliance.yaml_text import write_yaml


@click.command()
@click.option("--apply", "applies", is_flag=True, help="Make it ready to play; needs root.")
def board(applies: bool) -> None:
    """Show what is known of this computer, or set its processor clocks."""
    found = this_board()
    if not applies:
        click.echo(write_yaml(found), nl=False)
        return
    click.echo(f"board: {found.name}")
    for refusal in set_governor(found.governor) if found.governor else ():
        click.echo(f"clock not set: {refusal}", err=True)
