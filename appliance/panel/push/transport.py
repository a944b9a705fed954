"""What single buttons do: presets, morphs, jam, clock."""

from appliance.panel.push.grip import Grip
from appliance.parameters.table import JAMS

_USUAL_SECONDS = 2.0
_SCALED = {"oscillators": "/oscillators/{n}/frequency", "noise": "/noise/{n}/frequency"}
_CHANNELS = range(1, 9)


def play(grip: Grip) -> None:
    """Play or stop what the page plays: the file on the encoder's page, else the jam in hand."""
    address = grip.expand("/encoder/file/play" if grip.page == "encoder" else "/jam/{jam}/play")
    if address is not None:
        grip.toggle(address, 0.0, 1.0)


def playing(grip: Grip) -> bool:
    """Return whether Play is on."""
    address = grip.expand("/encoder/file/play" if grip.page == "encoder" else "/jam/{jam}/play")
    return address is not None and grip.get(address) != 0


def record(grip: Grip) -> None:
    """Record the summed latents into the jam in hand, or end that."""
    grip.command("/jam/record", grip.jam, float(not recording(grip)))


def recording(grip: Grip) -> bool:
    """Return whether the jam in hand records."""
    slots = grip.state.sections.get("jam", {}).get("slots", [])
    return grip.jam <= len(slots) and bool(slots[grip.jam - 1].get("recording"))


def stop_all(grip: Grip) -> None:
    """Stop every jam slot and the file."""
    for address in ("/encoder/file/play", *(f"/jam/{n}/play" for n in range(1, JAMS + 1))):
        if grip.has(address) and grip.get(address):
            grip.set(address, 0.0)


def repeat(grip: Grip) -> None:
    """Loop what Play plays, or play it once."""
    address = grip.expand("/encoder/file/loop" if grip.page == "encoder" else "/jam/{jam}/loop")
    if address is not None:
        grip.toggle(address, 0.0, 1.0)


def repeating(grip: Grip) -> bool:
    """Return whether Repeat is on."""
    address = grip.expand("/encoder/file/loop" if grip.page == "encoder" else "/jam/{jam}/loop")
    return address is not None and grip.get(address) != 0


def double_loop(grip: Grip) -> None:
    """Double what the jam in hand plays; with Shift halve it."""
    start, end = grip.expand("/jam/{jam}/start"), grip.expand("/jam/{jam}/end")
    if start is not None and end is not None:
        length = (grip.get(end) - grip.get(start)) * (0.5 if grip.shift else 2.0)
        grip.set(end, min(1.0, grip.get(start) + length))


def octave(grip: Grip, factor: float) -> None:
    """Multiply all frequencies of the page."""
    template = _SCALED.get(grip.page)
    for n in _CHANNELS if template else ():
        address = grip.expand(template, n)
        if address is not None:
            grip.set(address, grip.get(address) * factor)


def has_octave(grip: Grip) -> bool:
    """Return whether the page has frequencies."""
    return grip.page in _SCALED


def timed(grip: Grip) -> None:
    """Change between hard recalls and timed ones."""
    seconds = grip.get("/preset/seconds")
    if seconds:
        grip.memory["/preset/seconds"] = seconds
        grip.set("/preset/seconds", 0.0)
        grip.say("Recalls are hard.")
    else:
        seconds = grip.memory.get("/preset/seconds", _USUAL_SECONDS)
        grip.set("/preset/seconds", seconds)
        grip.say(f"Recalls take {seconds:g} s.")


def undo(grip: Grip) -> None:
    """Take the last edit back; with Shift do it again."""
    presets = grip.state.presets
    if grip.shift:
        grip.command("/preset/redo")
        grip.say("Done again." if presets.redo else "There is nothing to do again.")
    else:
        grip.command("/preset/undo")
        grip.say("Taken back." if presets.undo else "There is nothing to take back.")


def store_new(grip: Grip, seconds: float) -> None:
    """Store the sound in the first empty slot, if New was not part of a chord."""
    del seconds
    if "new" in grip.used:
        return
    filled = set(grip.state.presets.filled)
    slot = next((n for n in range(1, 65) if n not in filled), None)
    if slot is None:
        grip.say("All 64 slots are filled. Hold New and press a pad to store over one.")
        return
    grip.command("/preset/store", slot)
    grip.say(f"Stored in slot {slot}.")


def store_here(grip: Grip, seconds: float) -> None:
    """Store the sound in its own slot, if the button was not part of a chord."""
    del seconds
    if "save" not in grip.used:
        current = grip.state.presets.current
        if current is None:
            grip.say("This sound has no slot. Hold New and press a pad to store it.")
            return
        grip.command("/preset/store", current)
        grip.say(f"Stored in slot {current}.")


def solo(grip: Grip, n: int) -> None:
    """Leave only decoder `n` on; once more brings the others back."""
    addresses = [f"/decoder/{slot}/on" for slot in _CHANNELS]
    addresses = [address for address in addresses if grip.has(address)]
    mine = f"/decoder/{n}/on"
    if mine not in addresses:
        return
    others = [address for address in addresses if address != mine]
    alone = grip.get(mine) and not any(grip.get(address) for address in others)
    for address in others:
        if alone:
            grip.set(address, grip.memory.pop(f"solo {address}", 1.0))
        else:
            grip.memory.setdefault(f"solo {address}", grip.get(address))
            grip.set(address, 0.0)
    grip.set(mine, 1.0)


def soloed(grip: Grip) -> bool:
    """Return whether one decoder is alone."""
    return any(key.startswith("solo ") for key in grip.memory)


def cycle(grip: Grip, address: str) -> None:
    """Go on to the next choice of a switch."""
    parameter = grip.parameter(address)
    value = (grip.get(address) + 1) % len(parameter.choices)
    grip.set(address, value)
    grip.say(f"{parameter.name}: {parameter.choices[round(value)]}.")
