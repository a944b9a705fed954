"""The performance: which preset sounds, which one is approached, what the hands have changed.

Everything here is memory and takes microseconds. Orders go to the engine through the same door as
every other change; what became of them is read from the engine's morph.
"""

import time
from dataclasses import replace

from appliance.errors import PresetError
from appliance.parameters import Values
from appliance.presets.bank import Bank
from appliance.presets.door import Door
from appliance.presets.morph import Morph
from appliance.presets.order import Kind, Order
from appliance.presets.preset import same_settings
from appliance.presets.session import Manner
from appliance.presets.sound import Sound
from appliance.presets.undo import Step, Undo

_REST_SECONDS = 0.3  # a knob that has not moved for so long has made a step to undo
_GESTURE_SECONDS = 2.0  # one that still turns makes a step of its own after so long


class Stage:
    """Brings sounds and follows them; one thread at a time may call it.

    `values` and `morph` are the engine's, which already has the sound `first`; `rate` is in
    samples a second.
    """

    def __init__(
        self, values: Values, door: Door, morph: Morph, bank: Bank, rate: int, first: Sound
    ) -> None:
        """Begin at rest."""
        self.bank = bank
        self.manner = Manner()
        self.undo = Undo()
        self.morph = morph
        self._values = values
        self._door = door
        self._rate = rate
        self._ends = (first, first)  # where the walk began and where it leads
        self._forth = True
        self._walking = False
        self._by_hand = False
        self.queued: Sound | None = None
        """The sound that waits for the next bar."""
        self._number = morph.number
        self._awaited = morph.number  # the last order but those for a bar
        self._queued_number = 0
        self._queued_seconds = 0.0
        self._seconds = 0.0
        self._still = first.settings  # the values at rest, edits included that are steps already
        self._last = first.settings
        self._moved = self._begun = (
            time.monotonic()
        )  # when the hands last moved, when they began to

    @property
    def here(self) -> Sound:
        """The sound that is there or is being approached, without the hands' changes."""
        return self._ends[1 if self._forth else 0]

    @property
    def origin(self) -> Sound:
        """The sound at the other end of the walk."""
        return self._ends[0 if self._forth else 1]

    @property
    def now(self) -> Sound:
        """The sound as it stands, with the hands' changes."""
        return replace(self.here, settings=self._door.ahead(self._values.array))

    @property
    def walking(self) -> bool:
        """Whether a timed morph goes on or is paused, or the hand is between two presets."""
        return self._walking or self._by_hand

    @property
    def forth(self) -> bool:
        """Whether the walk leads from its start to its end and not back."""
        return self._forth

    @property
    def by_hand(self) -> bool:
        """Whether the hand is between two presets."""
        return self._by_hand

    @property
    def edited(self) -> bool:
        """Whether the sound differs from the preset in its slot, or from how it came."""
        entry = self.bank.get(self.here.slot or 0)
        known = self.here.settings if entry is None else entry.settings
        return not self.walking and not same_settings(self.now.settings, known)

    def recall(self, sound: Sound, seconds: float | None = None) -> None:
        """Go to `sound` at once or in `seconds`, by default as the player likes; undoable."""
        seconds = self.manner.seconds if seconds is None else seconds
        if self.manner.quantize == "bar":
            self.queued = sound
            self._queued_number = self._go(sound, seconds, on_bar=True)
            return
        self.look(flush=True)
        before = self.now
        self._go(sound, seconds)
        self._set_out(before, sound, walking=seconds > 0)
        self.undo.add(Step(before, sound))

    def put(self, sound: Sound) -> None:
        """Take `sound` at once, whatever the player likes, without a step to undo."""
        self._go(sound, 0.0)
        self._set_out(sound, sound)

    def between(self, one: Sound, other: Sound, share: float) -> None:
        """Stand at `share` of the way from `one` to `other`; undoable."""
        self.look(flush=True)
        before = self.now
        self._post(
            Order(
                Kind.BETWEEN,
                start=one.settings,
                end=other.settings,
                share=share,
                switch_at=self.manner.switch_at,
            )
        )
        self._set_out(one, other)
        self._by_hand = True
        self.undo.add(Step(before, other))

    def share(self, share: float) -> None:
        """Move on the way that `between` has laid; raises PresetError if there is none."""
        if not self._by_hand:
            raise PresetError(
                "There are no two presets to go between. Name them: /preset/morph A B SHARE."
            )
        self._post(Order(Kind.SHARE, share=share))

    def pause(self, on: bool | None = None) -> None:
        """Halt a timed morph, or let it go on; without `on` the one or the other."""
        self.look()
        if not self._walking:
            raise PresetError("No timed morph is under way. Recall a preset with a time.")
        on = not self.morph.paused if on is None else on
        self._post(Order(Kind.PAUSE if on else Kind.RESUME))

    def reverse(self) -> None:
        """Turn round: back to where the walk began, or, once there, back in the time it took."""
        if self._by_hand:
            raise PresetError("The hand leads this morph: move it with /preset/morph SHARE.")
        self.look(flush=True)
        if self._walking:
            self._post(Order(Kind.REVERSE))
            self._forth = not self._forth
            return
        back, before = self.origin, self.now
        if back is self.here:
            raise PresetError("There is nowhere to go back to: no preset was recalled yet.")
        self._go(back, self._seconds)
        self._set_out(before, back, walking=self._seconds > 0)
        self.undo.add(Step(before, back))

    def bar(self) -> None:
        """Tell that a bar begins now."""
        self._door.order(Order(Kind.BAR))

    def cancel(self) -> None:
        """Forget the sound that waits for a bar."""
        self.queued = None
        self._door.order(Order(Kind.CANCEL))

    def use_file(self, address: str, name: str | None) -> None:
        """Let the sound play from the file `name` at `address`, or from none; undoable."""
        self.look(flush=True)
        before = self.now
        files = {a: n for a, n in before.files.items() if a != address}
        if name is not None:
            files[address] = name
        ends = [replace(end, files=files) if end is self.here else end for end in self._ends]
        self._ends = (ends[0], ends[1])
        self.undo.add(Step(before, replace(before, files=files)))

    def relabel(self, sound: Sound) -> None:
        """Call the sound as it stands `sound`, which is equal: it was just stored."""
        self._ends = (sound, sound)
        self._forth = True

    def describe(self, slot: int, name: str, tags: tuple[str, ...]) -> None:
        """Call whatever came from `slot` by another name and other tags."""
        one, other = self._ends
        same = one is other

        def described(sound: Sound) -> Sound:
            return replace(sound, name=name, tags=tags) if sound.slot == slot else sound

        one, other = described(one), described(other)
        self._ends = (one, one if same else other)
        self.queued = described(self.queued) if self.queued else None

    def look(self, *, flush: bool = False) -> None:
        """See what the engine has done, and make a step to undo of what the hands have done.

        A knob that still turns is waited for, unless `flush`.
        """
        if self.queued is not None and self.morph.began == self._queued_number:
            before = replace(self.here, settings=self._last)
            queued, self.queued = self.queued, None
            self._seconds = self._queued_seconds
            self._set_out(before, queued, walking=self._seconds > 0)
            self.undo.add(Step(before, queued))
        if self.morph.number < self._awaited or self._by_hand:
            return
        if self._walking:
            if self.morph.moving or self.morph.paused:
                return
            self._walking = False
            self._still = self._last = self.here.settings
        self._see_edits(flush=flush)

    def _see_edits(self, *, flush: bool) -> None:
        now, moment = self.now, time.monotonic()
        if not same_settings(now.settings, self._last):
            self._last = now.settings
            self._moved = moment
        if same_settings(now.settings, self._still):
            self._begun = moment
        elif (
            flush
            or moment - self._moved >= _REST_SECONDS
            or moment - self._begun >= _GESTURE_SECONDS
        ):
            self.undo.add(Step(replace(now, settings=self._still), now))
            self._still = now.settings
            self._begun = moment

    def _set_out(self, start: Sound, end: Sound, *, walking: bool = False) -> None:
        self._ends = (start, end)
        self._forth = True
        self._walking = walking
        self._by_hand = False
        self._still = self._last = end.settings
        self._moved = self._begun = time.monotonic()

    def _go(self, sound: Sound, seconds: float, *, on_bar: bool = False) -> int:
        if on_bar:
            self._queued_seconds = seconds
        else:
            self.queued = None  # as the engine does
            self._seconds = seconds
        return self._post(
            Order(
                Kind.GO,
                end=sound.settings,
                samples=round(seconds * self._rate),
                switch_at=self.manner.switch_at,
                on_bar=on_bar,
            )
        )

    def _post(self, order: Order) -> int:
        """Number an order and send it; raises PresetError if the engine does not take it."""
        if not self._door.order(replace(order, number=self._number + 1)):
            raise PresetError("The engine takes no orders: it is too far behind. Try again.")
        self._number += 1
        if not order.on_bar:
            self._awaited = self._number
        return self._number
