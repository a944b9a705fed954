"""Feet on switches whose contacts bounce and whose edges get lost."""

import random
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass

from appliance.panel.footswitch.gesture import Gesture, Pedals
from appliance.panel.signals import Contact


@dataclass(frozen=True)
class Walk:
    """What the feet truly did: (switch, down at, up at), and what the electronics told of it.

    `levels` are the times of all edges of each switch, beginning with a closing one.
    """

    presses: list[tuple[int, float, float]]
    told: list[Contact]
    levels: tuple[list[float], list[float]]
    end: float

    def level(self, switch: int, time: float) -> bool:
        """Return whether the contact is closed at `time`."""
        return bisect_right(self.levels[switch], time) % 2 == 1


def walk(presses: int, seed: int, *, bounce: float = 0.020, lost: float = 0.0) -> Walk:
    """Return random presses of both feet, independent of each other and often at once.

    Every change bounces for up to `bounce` seconds; edges get `lost` with that probability.
    """
    chance = random.Random(seed)  # noqa: S311
    done: list[tuple[int, float, float]] = []
    edges: list[Contact] = []
    levels: tuple[list[float], list[float]] = ([], [])
    for switch in (0, 1):
        time = chance.uniform(0, 0.1)
        for _ in range(presses // 2):
            down = time + chance.uniform(0.05, 0.4)
            up = down + chance.uniform(0.045, chance.choice((0.2, 1.2)))
            time = up
            done.append((switch, down, up))
            for moment, closed in ((down, True), (up, False)):
                for at, level in _bounces(chance, moment, closed, bounce):
                    levels[switch].append(at)
                    if chance.random() >= lost:
                        edges.append(Contact(switch, level, at))
    end = max(up for _, _, up in done) + 1
    edges.sort(key=lambda contact: contact.time)
    return Walk(sorted(done, key=lambda press: press[1]), edges, levels, end)


def hear(pedals: Pedals, told: list[Contact], end: float) -> list[Gesture]:
    """Return all gestures of a source that has edges only."""
    heard: list[Gesture] = []
    for contact in told:
        heard += pedals.contact(contact)
    return heard + pedals.tick(end)


def hear_and_look(pedals: Pedals, walked: Walk, *, every: float) -> list[Gesture]:
    """Return all gestures of a source whose levels can be read: `every` so often, and when due."""
    heard: list[Gesture] = []
    edges = deque(walked.told)
    look = 0.0
    while look < walked.end:
        due = min(look, pedals.due)
        if edges and edges[0].time <= due:
            heard += pedals.contact(edges.popleft())
            continue
        for switch in (0, 1):
            heard += pedals.contact(Contact(switch, walked.level(switch, due), due))
        heard += pedals.tick(due)
        if due == look:
            look += every
    return heard


def _bounces(
    chance: random.Random, moment: float, closed: bool, bounce: float
) -> list[tuple[float, bool]]:
    edges = [(moment, closed)]
    for _ in range(chance.randrange(8)):
        away = moment + chance.uniform(0, bounce)
        edges.append((away, not closed))
        edges.append((away + chance.uniform(0, moment + bounce - away), closed))
    times = sorted(at for at, _ in edges)
    # An odd number of edges that alternate: it ends as it began.
    return [(at, closed if number % 2 == 0 else not closed) for number, at in enumerate(times)]
