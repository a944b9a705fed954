"""The panel process: the engine's box, and the parts that stand on it."""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Collection

from appliance.board import keep_to, this_board
from appliance.config import Config, dump
from appliance.errors import ConfigError
from appliance.notify import ServiceManager
from appliance.panel.box import Box
from appliance.panel.part import Desk
from appliance.panel.push.live import LiveSurface
from appliance.panel.supervisor import Supervisor, openers
from appliance.places import runtime_folder

_LOOK = 0.25  # seconds
_SWITCH = 0.0005  # seconds a thread that draws may hold the interpreter while hands wait


def run_panel(
    config: Config,
    stopping: threading.Event,
    tell: Callable[[str], None],
    *,
    without: Collection[str] = (),
) -> None:
    """Run all parts that `config` switches on, `without` some, until `stopping` is set.

    `tell` hears one sentence about whatever fails, and about the engine's coming and going. An
    engine that is absent is waited for.
    """
    manager = ServiceManager()
    _leave_a_copy(config)
    host = "127.0.0.1" if config.osc.host == "0.0.0.0" else config.osc.host  # noqa: S104
    box = Box(host, config.osc.port, rate=config.panel.rate)
    opening = {name: each for name, each in openers(config.panel).items() if name not in without}
    supervisor = Supervisor(opening, tell)
    surface = LiveSurface(box)
    desk = Desk(box, config, surface, supervisor.reports)
    box.listen(lambda news: tell(_presence(box)) if news.kind == "connection" else None)
    _be_ordinary()
    sys.setswitchinterval(_SWITCH)
    box.start()
    surface.start()
    manager.ready()
    try:
        while not stopping.is_set():
            supervisor.look(desk)
            manager.alive()
            stopping.wait(_LOOK)
    finally:
        manager.stopping()
        supervisor.stop()
        surface.stop()
        box.stop()


def _presence(box: Box) -> str:
    if box.connected:
        return f"The engine '{box.state.name}' answers on {box.host}:{box.port}."
    return f"The engine on {box.host}:{box.port} is silent; its return is waited for."


def _leave_a_copy(config: Config) -> None:
    """Keep the configuration for the last word on the display, when its disk is unmounted."""
    with contextlib.suppress(OSError):
        (runtime_folder() / "config.yaml").write_text(dump(config))


def _be_ordinary() -> None:
    """Leave the priority that an engine may have handed on, and its cores, to the engine."""
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    with contextlib.suppress(ConfigError):
        keep_to(this_board().other_cores)
