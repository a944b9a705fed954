"""One example of each screen, as a box shows it; the documentation has their pictures."""

from appliance.panel.oled.screen import (
    Alert,
    Notice,
    Page,
    Play,
    Rank,
    Rest,
    Screen,
    Slot,
    Start,
    Work,
)

SLOTS = (Slot(True, 0.75), Slot(True, 0.5), Slot(False, 0.5), Slot(True, 1.0))
PLAY = Play(7, "Still Water", decoders=SLOTS, cpu=37)


def warned(rank: Rank, text: str) -> Play:
    return Play(7, "Still Water", decoders=SLOTS, cpu=37, warning=Alert(rank, text))


SCREENS: dict[str, Screen] = {
    "start-card": Start("neural-synth", "0.4.0", "card hw:CARD=Device"),
    "start-models": Start("neural-synth", "0.4.0", "choir-spectral", 2, 4),
    "start-ready": Start("neural-synth", "0.4.0", "playing Still Water", 4, 4),
    "start-failed": Start("neural-synth", "0.4.0", "PCM 'hw:3' is in use", failed=True),
    "play": PLAY,
    "play-edited": Play(12, "A Cathedral of Breath", True, SLOTS, cpu=41, xruns=2),
    "play-no-slot": Play(None, "First Light", decoders=SLOTS[:2], cpu=22),
    "play-morph": Play(7, "Still Water", False, SLOTS, 0.4, "Iron Rain", cpu=39),
    "play-queued": Play(7, "Still Water", False, SLOTS, None, None, "Iron Rain", cpu=39),
    "play-muted": Play(7, "Still Water", decoders=SLOTS, muted=True, cpu=37),
    "play-broken": Play(
        7,
        "Still Water",
        decoders=(*SLOTS[:3], Slot(True, 1.0, True)),
        cpu=30,
        warning=Alert(Rank.AUDIO, "metal-wave stopped"),
    ),
    "play-eight": Play(33, "Eight", decoders=SLOTS + SLOTS, cpu=71),
    "warning-card": warned(Rank.AUDIO, "sound card is gone"),
    "warning-engine": warned(Rank.AUDIO, "the engine restarts"),
    "warning-voltage": warned(Rank.VOLTAGE, "power supply too weak"),
    "warning-heat": warned(Rank.HEAT, "82 C: clock is lowered"),
    "warning-late": warned(Rank.LATE, "3 late frames"),
    "warning-info": warned(Rank.INFO, "left footswitch is stuck"),
    "page-network": Page(
        "Network",
        (("name", "neural-synth"), ("eth0", "192.168.1.23"), ("wlan0", "10.0.0.7")),
        1,
        5,
    ),
    "page-box": Page(
        "Box",
        (("name", "neural-synth"), ("version", "0.4.0"), ("bank", "58 of 64"), ("up", "1 h 12 m")),
        2,
        5,
    ),
    "page-models": Page(
        "Models",
        (("1 2", "choir-wave"), ("3 4", "choir-spectral"), ("late", "0"), ("ahead", "17 ms")),
        3,
        5,
    ),
    "page-health": Page(
        "Health",
        (("temperature", "61 C"), ("clock", "full"), ("power", "good"), ("footswitch", "ready")),
        4,
        5,
    ),
    "page-disk": Page(
        "Disk", (("free", "11.2 GB"), ("of", "14.5 GB"), ("samples", "24"), ("models", "6")), 5, 5
    ),
    "stick-looking": Work("Stick", "looking at what it brings", None),
    "stick-copying": Work("Stick", "samples/field-recording.wav", 0.62),
    "stick-model": Work("New model", "my_rave: comparing", 0.4),
    "stick-done": Notice("Stick: done", ("12 presets, 1 model", "You may pull it out")),
    "stick-refused": Notice(
        "Stick", ("2 files refused:", "see report.txt", "You may pull it out"), False
    ),
    "stick-pulled": Notice("Stick", ("Pulled out too early.", "Nothing is lost."), False),
    "goodbye": Notice("Goodbye", ("Wait for the word", "before you unplug")),
    "safe": Notice("Unplug now", ("Everything is written.",)),
    "rest": Rest(7, "Still Water", 5),
}
