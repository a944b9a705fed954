"""What an encoder can turn beside parameters: habits of recalling, and the Push itself.

They have rows of the same kind, so that pages, words and turning know no difference.
"""

from appliance.parameters import Curve, Parameter

P = Parameter
LIN, LOG, SWI = Curve.LINEAR, Curve.LOGARITHMIC, Curve.SWITCH
PRESSURES = ("off", "expression", "value")
OFF_ON = ("off", "on")

MANNERS: dict[str, Parameter] = {
    p.address: p
    for p in (
        P("/preset/morph", "Morph", "", 0, 1, 0, LIN, (), "by hand between two presets"),
        P("/preset/seconds", "Time", "s", 0, 60, 0, Curve.CUBIC, (), "of every recall, 0 is hard"),
        P("/preset/switch_at", "Switch at", "", 0, 1, 0.5, LIN, (), "share where switches change"),
        P("/preset/wrap", "Wrap", "", 0, 1, 1, SWI, OFF_ON, "whether next goes round"),
        P("/preset/quantize", "Begin", "", 0, 1, 0, SWI, ("off", "bar"), "when recalls begin"),
    )
}

SETTINGS: dict[str, Parameter] = {
    p.address: p
    for p in (
        P("/push/pressure", "Pressure", "", 0, 2, 0, SWI, PRESSURES, "what pressed pads move"),
        P("/push/latch", "Strip latch", "", 0, 1, 1, SWI, OFF_ON, "off: the strip springs back"),
        P("/push/sensitivity", "Knobs", "x", 0.25, 4, 1, LOG, (), "sensitivity of the encoders"),
        P("/push/leds", "LEDs", "", 1, 127, 100, LIN, (), "brightness of pads and buttons"),
        P("/push/display", "Display", "", 1, 255, 255, LIN, (), "brightness of the display"),
    )
}

SPECIAL = MANNERS | SETTINGS
