"""`neural-synth params`: everything that can be turned, switched or set."""

import click
from rich.console import Console
from rich.table import Table

from appliance.errors import ParameterError
from appliance.parameters.page import HEAD, parameters_page, row_of
from appliance.parameters.table import ROWS
from appliance.suggestion import did_you_mean


@click.command()
@click.argument("below", default="/")
@click.option("--markdown", is_flag=True, help="Print the whole page of the documentation.")
def params(below: str, markdown: bool) -> None:
    """List the parameters whose address begins with BELOW, such as /encoder."""
    if markdown:
        click.echo(parameters_page(), nl=False)
        return
    rows = [row for row in ROWS if row.address.startswith(below)]
    if not rows:
        sections = sorted({f"/{row.address.split('/')[1]}" for row in ROWS})
        raise ParameterError(
            f"No parameter begins with '{below}': the sections are {', '.join(sections)}."
            f"{did_you_mean(below, sections)}"
        )
    table = Table(*HEAD)
    for row in rows:
        table.add_row(*(cell.strip("`") for cell in row_of(row)))
    Console().print(table)
