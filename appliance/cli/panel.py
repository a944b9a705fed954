"""`neural-synth panel`: everything that hands and eyes use, beside a playing engine."""

import signal
import sys
import threading
from pathlib import Path

import click

from appliance.cli.settings import config_option, configuration
from appliance.panel.process import run_panel


@click.command()
@click.option("--attached", is_flag=True, help="End when the standard input does.")
@click.option("--port", type=click.IntRange(1, 65535), help="The engine's OSC port.")
@click.option("--without", multiple=True, metavar="PART", help="Leave a part out; repeat it.")
@config_option
def panel(
    attached: bool, port: int | None, without: tuple[str, ...], config_path: Path | None
) -> None:
    """Run the panel: Push and the other parts that the configuration switches on.

    The engine may start later, and may restart.
    """
    config, _ = configuration(config_path)
    if port is not None:
        config = config.with_port(port)
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


def _wait_for_end(stopping: threading.Event) -> None:
    while sys.stdin.buffer.read(1024):
        pass
    stopping.set()
