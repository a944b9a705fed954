"""`neural-synth status`: what a running engine says of itself."""

import json
from typing import Any

import click

from appliance.engine.client import Client


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=57130, show_default=True)
def status(as_json: bool, host: str, port: int) -> None:
    """Show the state of the running engine."""
    with Client(host, port) as client:
        state = client.status()
    click.echo(json.dumps(state, indent=2) if as_json else _text(state))


def _text(state: dict[str, Any]) -> str:
    output, engine = state["output"], state["engine"]
    lines = [
        f"{state['name']} {state['version']}, up {state['uptime_s']:.0f} s",
        f"output    {output['name']} {output['rate']} Hz, {output['periods']} periods of "
        f"{output['period']}, {output['xruns']} xruns{', LOST' if output['lost'] else ''}",
        f"engine    {100 * engine['load']:.1f} % of a core, headroom {engine['headroom_ms']} ms, "
        f"{engine['late_frames']} late frames",
    ]
    for decoder in state["decoders"]:
        slots = ",".join(str(slot) for slot in decoder["slots"])
        lines.append(
            f"decoder   {decoder['model']} (slots {slots}): {decoder['decode_ms']} ms of "
            f"{decoder['frame_ms']} ms a frame, {decoder['late']} late"
            f"{', BROKEN' if decoder['broken'] else ''}"
        )
    lines.extend(f"warning   {flag}" for flag in state["flags"])
    return "\n".join(lines)
