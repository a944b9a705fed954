"""The slots in the player's hands: store, copy, swap, clear, undo, redo, compare.

Slots change in memory at once; `unsaved` names those that the disk has yet to learn of.
"""

from collections.abc import Mapping

import msgspec

from appliance.errors import PresetError
from appliance.presets.bank import Bank, Entry, check_slot
from appliance.presets.capture import capture
from appliance.presets.preset import Preset
from appliance.presets.sound import Sound
from appliance.presets.stage import Stage
from appliance.presets.undo import Step


class Bench:
    """Changes the bank of `stage`; every change can be undone."""

    def __init__(self, stage: Stage) -> None:
        """Begin with nothing unsaved."""
        self.stage = stage
        self.bank: Bank = stage.bank
        self.unsaved: set[int] = set()
        self.changed: set[int] = set()
        """Slots that were changed since whoever reads this cleared it."""
        self.side = "A"
        """Which of two sounds is heard in comparison: A is the player's, B the other."""
        self._other: Sound | None = None

    def sound(self, slot: int) -> Sound:
        """Return the sound of a filled slot; raises PresetError if it is empty."""
        return sound_of(self.bank[slot], slot)

    def present(self) -> Preset:
        """Return a preset of the sound as it stands."""
        now = self.stage.now
        return capture(
            now.settings,
            self.bank.table,
            self.bank.base,
            name=now.name,
            tags=now.tags,
            files=now.files,
        )

    def store(self, slot: int, name: str | None = None) -> None:
        """Store the sound as it stands in `slot`, by default under the name it has."""
        check_slot(slot)
        self.stage.look(flush=True)
        preset = self.present()
        if name is not None:
            preset = msgspec.structs.replace(preset, name=name)
        entry = self.bank.read(self.bank.entry(preset).data, source=f"slot {slot}")
        now = self.stage.now
        after = None if self.stage.walking else sound_of(entry, slot)
        self._change({slot: entry}, before=now if after else None, after=after)
        if after:
            self.stage.relabel(after)
        self.forget_other()

    def copy(self, source: int, target: int) -> None:
        """Copy one slot over another."""
        check_slot(target)
        self._change({target: self.bank[source]})

    def swap(self, one: int, other: int) -> None:
        """Exchange two slots, of which one may be empty."""
        check_slot(one)
        check_slot(other)
        self._change({one: self.bank.get(other), other: self.bank.get(one)})

    def clear(self, slot: int) -> None:
        """Empty a slot; raises PresetError if it is empty."""
        self.bank[slot]
        self._change({slot: None})

    def fill(self, entries: Mapping[int, Entry | None]) -> None:
        """Give several slots new contents in one step."""
        self._change(entries)

    def undo(self) -> None:
        """Take the last step back; raises PresetError if there is none."""
        self.stage.look(flush=True)
        step = self.stage.undo.undo()
        if step is None:
            raise PresetError("There is nothing to undo.")
        self._apply(step.before, step.slots_before)

    def redo(self) -> None:
        """Do the step undone last again; raises PresetError if there is none."""
        self.stage.look(flush=True)
        step = self.stage.undo.redo()
        if step is None:
            raise PresetError("There is nothing to do again.")
        self._apply(step.after, step.slots_after)

    def compare(self) -> None:
        """Change over between the sound as it stands and the other one, at first the stored one.

        Raises PresetError if there is nothing to compare with.
        """
        self.stage.look(flush=True)
        other = self._other
        if other is None:
            slot = self.stage.here.slot
            if slot is None or slot not in self.bank:
                raise PresetError("There is nothing to compare with. Recall or store a preset.")
            other = self.sound(slot)
        self._other = self.stage.now
        self.stage.put(other)
        self.side = "B" if self.side == "A" else "A"

    def forget_other(self) -> None:
        """End a comparison: another preset was recalled or stored."""
        self._other = None
        self.side = "A"

    def _change(
        self,
        slots: Mapping[int, Entry | None],
        *,
        before: Sound | None = None,
        after: Sound | None = None,
    ) -> None:
        old = {slot: self.bank.get(slot) for slot in slots}
        self._put(slots)
        self.stage.undo.add(Step(before, after, old, dict(slots)))

    def _put(self, slots: Mapping[int, Entry | None]) -> None:
        for slot, entry in slots.items():
            self.bank.put(slot, entry)
        self.unsaved.update(slots)
        self.changed.update(slots)

    def _apply(self, sound: Sound | None, slots: Mapping[int, Entry | None]) -> None:
        self._put(slots)
        if sound is not None:
            self.stage.put(sound)
        self.forget_other()


def sound_of(entry: Entry, slot: int | None) -> Sound:
    """Return the sound of a preset, recalled from `slot`."""
    preset = entry.preset
    return Sound(entry.settings, slot, preset.name, tuple(preset.tags), dict(preset.files))
