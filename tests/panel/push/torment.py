"""A part at work on a Push that keeps the rules, and everything that may befall a Push."""

import time

import numpy as np
import pytest

from appliance.panel.part import Desk
from appliance.panel.push.controls import note_of
from appliance.panel.push.device.fake import FakePush, press_pad
from appliance.panel.push.device.model import MODELS, Model
from appliance.panel.push.device.part import PushPart
from tests.panel.conftest import until


def hasten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less between looks: the order of things stays."""
    for name, seconds in {
        "part._LOOK": 0.01,
        "part._REST": 0.15,  # a complaint has to be seen
        "session._PACE": 0.0,
        "session._SETTLE": 0.0,
        "session._LOOK": 0.02,
        "session._ASK": 0.1,
        "session._PATIENCE": 0.1,
        "picture_feed._RETRY": 0.02,
    }.items():
        monkeypatch.setattr(f"appliance.panel.push.device.{name}", seconds)


class Played:
    """A part at work on a fake."""

    def __init__(self, desk: Desk, model: Model) -> None:
        self.push = FakePush(model)
        self.part = PushPart(desk, self.push)
        self.part.start()

    def ready(self) -> bool:
        """Whether the whole surface is lit."""
        lit = len(self.push.pads) == 64 and "shift" in self.push.buttons
        return lit and (self.push.frame_count > 0 or self.push.model.product is None)


def torment(desk: Desk, *, rounds: int, seed: int) -> list[str]:
    """Plug, pull, switch, silence and babble at random; return the rules broken."""
    random = np.random.default_rng(seed)
    broken: list[str] = []
    for model in MODELS:
        played = Played(desk, model)
        push = played.push
        for _ in range(rounds // len(MODELS)):
            for _ in range(int(random.integers(1, 6))):
                _disturb(push, random)
                if random.random() < 0.3:
                    time.sleep(float(random.uniform(0, 0.02)))
            push.plug()
            until(played.ready)
            assert played.part.failure is None
        played.part.stop()
        broken += push.broken
    return broken


def _disturb(push: FakePush, random: np.random.Generator) -> None:
    match int(random.integers(0, 6)):
        case 0:
            push.plug()
        case 1:
            push.unplug()
        case 2:
            push.switch_on()
        case 3:
            push.silent = bool(random.integers(0, 2))
        case 4:
            press_pad(push, int(random.integers(0, 64)))
            push.play(0xA0, note_of(int(random.integers(0, 64))), int(random.integers(0, 128)))
        case _:
            body = random.integers(0, 256, int(random.integers(0, 40)))
            push.play(0xF0, *(int(b) for b in body), 0xF7)
            push.play(*(int(b) for b in body))
