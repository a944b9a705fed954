"""What the eight buttons below the display do on a page, and the words above them."""

from dataclasses import dataclass

from appliance.panel.push.colours import Colour, Level
from appliance.panel.push.grip import HOLD_SECONDS, Grip
from appliance.panel.push.screen import Label
from appliance.panel.push.wording import words


class Lower:
    """One use of the lower buttons; this one is none. Pressing twice changes no switch."""

    def press(self, grip: Grip, n: int) -> None:
        """Act on button `n`, from 1."""

    def release(self, grip: Grip, n: int, seconds: float) -> None:
        """Take back what was done if the button was held for long."""
        if seconds >= HOLD_SECONDS:
            self.press(grip, n)

    def label(self, grip: Grip, n: int) -> Label:
        """Return the word at button `n` and how it is lit."""
        del grip, n
        return Label()


@dataclass(frozen=True)
class Mute(Lower):
    """Silences a channel by its value, `quiet`, and brings back what was there, or `loud`."""

    template: str
    colour: Colour
    loud: float
    quiet: float = 0.0

    def press(self, grip: Grip, n: int) -> None:
        """Silence the channel, or bring it back."""
        address = grip.expand(self.template, n)
        if address is not None:
            grip.toggle(address, self.quiet, self.loud)

    def label(self, grip: Grip, n: int) -> Label:
        """Return the channel's number, and the choice of a switch."""
        address = grip.expand(self.template, n)
        if address is None:
            return Label()
        value = grip.get(address)
        parameter = grip.parameter(address)
        word = f" {words(parameter, value)[0]}" if parameter.choices else ""
        return Label(f"{n}{word}", self.colour, Level.DIM if value == self.quiet else Level.FULL)


@dataclass(frozen=True)
class Switches(Lower):
    """Switches an on/off parameter of each column; `word` is put before the number."""

    template: str
    word: str
    colour: Colour = Colour.GREEN

    def press(self, grip: Grip, n: int) -> None:
        """Switch it."""
        address = grip.expand(self.template, n)
        if address is not None:
            grip.toggle(address, 0.0, 1.0)

    def label(self, grip: Grip, n: int) -> Label:
        """Return the word and whether it is on."""
        address = grip.expand(self.template, n)
        if address is None:
            return Label()
        return Label(
            f"{self.word} {n}".strip(),
            self.colour,
            Level.FULL if grip.get(address) else Level.DIM,
        )


@dataclass(frozen=True)
class Decoders(Lower):
    """Switches the decoder slots, called by their models."""

    colour: Colour = Colour.GREEN

    def press(self, grip: Grip, n: int) -> None:
        """Switch slot `n`."""
        address = grip.expand("/decoder/{n}/on", n)
        if address is not None:
            grip.toggle(address, 0.0, 1.0)

    def label(self, grip: Grip, n: int) -> Label:
        """Return the slot and its model."""
        address = grip.expand("/decoder/{n}/on", n)
        if address is None:
            return Label()
        model = next((d.model for d in grip.state.decoders if n in d.slots), "")
        level = Level.FULL if grip.get(address) else Level.DIM
        return Label(f"{n} {model}".strip(), self.colour, level)


@dataclass(frozen=True)
class Words(Lower):
    """Buttons that switch or do single things: (word, address), empty where there is none.

    An address of the table is switched; any other one is sent as a command.
    """

    words: tuple[tuple[str, str], ...]
    colour: Colour = Colour.WHITE

    def press(self, grip: Grip, n: int) -> None:
        """Do what the word says."""
        word, template = self._at(n)
        address = grip.expand(template or None)
        if address is not None:
            grip.toggle(address, 0.0, 1.0)
        elif word:
            grip.command(template)

    def release(self, grip: Grip, n: int, seconds: float) -> None:
        """Take back a switch that was held for long; a command is done."""
        if seconds >= HOLD_SECONDS and grip.expand(self._at(n)[1]) is not None:
            self.press(grip, n)

    def label(self, grip: Grip, n: int) -> Label:
        """Return the word."""
        word, template = self._at(n)
        address = grip.expand(template) if template else None
        if not word:
            return Label()
        on = address is not None and grip.get(address) != 0
        return Label(word, self.colour, Level.FULL if on else Level.DIM)

    def _at(self, n: int) -> tuple[str, str]:
        return self.words[n - 1] if n <= len(self.words) else ("", "")
