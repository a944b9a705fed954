"""What went wrong with a PCM, as one sentence with the remedy."""

from appliance.audio.driver import Driver
from appliance.errors import AudioError

REMEDY = "or write to a file with 'neural-synth play --output FILE.wav'"


class AbsentError(AudioError):
    """The PCM is missing, busy or forbidden now: it may be there later."""


class StuckError(AudioError):
    """The PCM is open but takes no samples."""


def opening_error(name: str, error: Exception) -> AudioError:
    """Return the error for a PCM called `name` whose opening raised `error`."""
    reason = str(error).rsplit(" [", 1)[0]
    change = "set audio.output in the configuration to another PCM"
    match reason:
        case "Device or resource busy":
            text = f"PCM '{name}' is in use by another program: stop that program, or {change}"
        case "Permission denied" | "Operation not permitted":
            text = f"PCM '{name}' may not be opened by this user: add the user to group 'audio'"
        case "No such file or directory" | "No such device" | "No such device or address":
            text = f"PCM '{name}' does not exist: plug the card in, or {change}"
        case "Invalid argument":
            return AudioError(
                f"PCM '{name}' takes none of our sample formats in stereo: set audio.output to"
                f" 'plughw:...' or 'default', which convert, {REMEDY}."
            )
        case _:
            text = f"PCM '{name}' does not open ({reason}): check the card, or {change}"
    return AbsentError(f"{text}, {REMEDY}.")


def capture_error(name: str, error: Exception) -> AudioError:
    """Return the error for a PCM called `name` that cannot be recorded from, or no longer."""
    reason = str(error).rsplit(" [", 1)[0]
    return AbsentError(
        f"PCM '{name}' does not record ({reason}): plug the card in, or set encoder.capture in the "
        "configuration to another PCM or to none; it is tried again every second."
    )


def rate_error(name: str, asked: int, rates: int | tuple[int, int] | list[int]) -> AudioError:
    """Return the error for a PCM that plays at other rates only."""
    match rates:
        case int():
            offered, nearest = f"{rates} Hz", rates
        case (low, high) if isinstance(rates, tuple):
            offered, nearest = f"{low} to {high} Hz", min(max(asked, low), high)
        case _:
            offered = ", ".join(str(rate) for rate in rates) + " Hz"
            nearest = min(rates, key=lambda rate: abs(rate - asked), default=asked)
    return AudioError(
        f"PCM '{name}' plays {offered}, not {asked} Hz: set audio.rate to {nearest}, or"
        f" audio.output to 'plughw:...' or 'default', which convert the rate."
    )


def channels_error(name: str, channels: int) -> AudioError:
    """Return the error for a PCM that cannot be opened in stereo."""
    return AudioError(
        f"PCM '{name}' has {channels} channels and cannot be opened with 2: set audio.output to"
        f" 'plughw:...' or 'default', which convert, {REMEDY}."
    )


def known_pcms(driver: Driver) -> str:
    """Return a phrase that lists the cards and PCMs present."""
    try:
        cards, pcms = driver.cards(), driver.pcms()
    except driver.ALSAAudioError:
        cards, pcms = [], []
    found = [f"'hw:CARD={card}'" for card in cards] + [f"'{pcm}'" for pcm in pcms]
    # "null" is ALSA's, and here the name of an output of our own.
    found = [pcm for pcm in found if pcm != "'null'"][:12]
    return "known PCMs: " + ", ".join(found) if found else "no PCM is known"
