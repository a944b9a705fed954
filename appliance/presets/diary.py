"""The session file in use: what to begin with, and the sound saved every few seconds."""

from pathlib import Path

from appliance.presets.preset import Preset
from appliance.presets.session import (
    CRASHES,
    Manner,
    Session,
    read_session,
    session_text,
    this_boot,
)
from appliance.storage import make_folder, write_file


class Diary:
    """Reads the last session once and writes the present one."""

    def __init__(self, path: Path) -> None:
        """Read the session at `path`; what is wrong with it goes to `problems`."""
        self._path = path
        self._boot = this_boot()
        self.last, self.problems = read_session(path)
        last = self.last
        self.crashes = 0 if last is None or last.clean else last.crashes + 1
        """Starts in a row that did not last; the caller sets it to 0 once this one has."""
        self._written = b""

    def resumed(self, *, wish: bool) -> Session | None:
        """Return the session to take up again, None to begin as the player wishes or anew.

        A sound that ended by a crash while the power was on goes on. Otherwise a `wish` in the
        configuration comes first. After several starts that did not last the sound is put aside.
        """
        last = self.last
        if last is None or last.sound is None:
            return None
        if self.crashes >= CRASHES:
            aside = self._path.with_name(f"{self._path.stem}-unsafe{self._path.suffix}")
            self.problems.append(
                f"The last {self.crashes} starts did not last, so the sound '{last.sound.name}' is "
                f"not taken up again. It lies in {aside}."
            )
            try:
                write_file(aside, session_text(last))
            except OSError as error:
                self.problems.append(f"{aside} cannot be written: {error.strerror}.")
            return None
        crashed = not last.clean and last.boot == self._boot
        return last if crashed or not wish else None

    def write(self, sound: Preset, slot: int | None, manner: Manner, *, clean: bool) -> bool:
        """Save the session if it differs from what was saved last; raises OSError."""
        session = Session(
            clean=clean,
            boot=self._boot,
            crashes=self.crashes,
            slot=slot or 0,
            manner=manner,
            sound=sound,
        )
        text = session_text(session)
        if text == self._written:
            return False
        make_folder(self._path.parent)
        write_file(self._path, text)
        self._written = text
        return True
