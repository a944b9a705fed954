"""`neural-synth panel`: everything that hands and eyes use, beside a playing engine."""

import signal
import sys
import threading
from pathlib import Path

import click
from msgspec.structs import replace

from appliance.cli.settings import config_option, configuration
from appliance.config import Config
from appliance.panel.process import run_panel


@click.command()
@click.option("--attached", is_flag=True, help="End when the standard input does.")
@click.option("--port", type=click.IntRange(1, 65535), help="The engine's OSC port.")
@click.option("--without", multiple=True, metavar="PART", help="Leave a part out; repeat it.")
@click.option("--web/--no-web", default=None, help="Serve the web page, whatever is configured.")
@click.option("--open", "show", is_flag=True, help="Open the web page in this machine's browser.")
@config_option
def panel(
    attached: bool,
    port: int | None,
    without: tuple[str, ...],
    web: bool | None,
    show: bool,
    config_path: Path | None,
) -> None:
    """Run the panel: Push and the other parts that the configuration switches on.

    The engine may start later, and may restart.
    """
    config, _ = configuration(config_path)
    if port is not None:
        config = config.with_port(port)
    config = _with_page(config, web, show)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if attached:
        threading.Thread(target=_wait_for_end, args=(stopping,), daemon=True).start()
    run_panel(
        config,
        stopping,
        lambda sentence: click.echo(f"Panel: {sentence}", err=True),
        without=without,
    )


def _with_page(config: Config, on: bool | None, show: bool) -> Config:
    """Return `config` with the web page as the command line wants it."""
    web = config.panel.web
    web = replace(web, on=web.on if on is None else on, open=web.open or show)
    return replace(config, panel=replace(config.panel, web=web))


def _wait_for_end(stopping: threading.Event) -> None:
    while sys.stdin.buffer.read(1024):
        pass
    stopping.set()
