"""The pads as the bank: 64 slots, recalled, stored, copied and cleared."""

from appliance.panel.push.colours import DARK, Colour, Level, Light, Motion
from appliance.panel.push.events import PADS
from appliance.panel.push.grip import Grip
from appliance.panel.push.pads import Pads


class PresetPads(Pads):
    """Slot 1 is top left. Held with a pad, New stores, Duplicate copies, Delete clears.

    Select only names the preset, and makes it the goal of a morph by hand.
    """

    def press(self, grip: Grip, pad: int) -> None:
        """Recall the slot, or do what the held button says."""
        slot = pad + 1
        filled = slot in grip.state.presets.filled
        if "new" in grip.buttons or "save" in grip.buttons:
            grip.command("/preset/store", slot)
            grip.say(f"Stored in slot {slot}.")
        elif "delete" in grip.buttons:
            if filled:
                grip.command("/preset/clear", slot)
                grip.say(f"Slot {slot} is empty. Undo brings it back.")
        elif "duplicate" in grip.buttons:
            self._copy(grip, slot, filled=filled)
        elif "select" in grip.buttons:
            if filled:
                grip.goal = slot
        elif filled:
            grip.command("/preset/recall", slot)
        else:
            grip.say(f"Slot {slot} is empty. Hold New and press it to store this sound.")

    def lights(self, grip: Grip) -> tuple[Light, ...]:
        """Return the bank: dim filled, full current, pulsing where a morph leads or waits."""
        presets = grip.state.presets
        filled = set(presets.filled)
        lights: list[Light] = []
        for slot in range(1, PADS + 1):
            if slot == grip.copied and "duplicate" in grip.buttons:
                lights.append(Light(Colour.SKY, Level.FULL, Motion.BLINK))
            elif slot == presets.target:
                lights.append(Light(Colour.GREEN, Level.FULL, Motion.PULSE))
            elif slot == presets.queued:
                lights.append(Light(Colour.GREEN, Level.FULL, Motion.BLINK))
            elif slot == presets.current:
                lights.append(Light(Colour.WHITE, Level.FULL))
            elif slot == grip.goal and slot in filled:
                lights.append(Light(Colour.TEAL, Level.FULL))
            elif slot in filled:
                lights.append(Light(Colour.YELLOW, Level.DIM))
            else:
                lights.append(DARK)
        return tuple(lights)

    def _copy(self, grip: Grip, slot: int, *, filled: bool) -> None:
        if grip.copied is None:
            if filled:
                grip.copied = slot
                grip.say(f"Slot {slot} is copied to the next pad.")
            return
        grip.command("/preset/copy", grip.copied, slot)
        grip.say(f"Slot {grip.copied} is copied to slot {slot}.")
