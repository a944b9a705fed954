"""The screen of the moment: columns, labels, the page's view and the line of health."""

from appliance.panel.push.buttons import HELP_BUTTONS, lower_of
from appliance.panel.push.colours import Level
from appliance.panel.push.controls import COLUMNS
from appliance.panel.push.grip import HOLD_SECONDS, Grip
from appliance.panel.push.lower import Mute
from appliance.panel.push.pages import PAGES, TABS
from appliance.panel.push.paging import layer_of, page_of
from appliance.panel.push.screen import Column, Health, Label, Screen
from appliance.panel.push.sights import sight
from appliance.panel.push.wording import share_of, words


def screen_of(grip: Grip) -> Screen:
    """Return the screen of the moment."""
    page, layer = page_of(grip), layer_of(grip)
    layers = page.open_layers(grip)
    lower = lower_of(grip)
    return Screen(
        title=page.title,
        colour=page.colour,
        tabs=tuple(_tab(grip, name) for name in TABS),
        columns=tuple(
            _column(grip, n, address) for n, address in enumerate(layer.addresses(grip), 1)
        ),
        lower=tuple(lower.label(grip, n) for n in range(1, 9)),
        layers=tuple(
            Label(each.name, page.colour, Level.FULL if each is layer else Level.DIM)
            for each in layers
        )
        if len(layers) > 1
        else (),
        view=sight(grip, layer.view),
        health=_health(grip),
        touched=_touched(grip),
        notice=grip.notice if grip.now < grip.notice_until else "",
        help=page.help if _helped(grip) else (),
    )


def _tab(grip: Grip, name: str) -> Label:
    page = PAGES[name]
    return Label(page.title, page.colour, Level.FULL if name == grip.page else Level.DIM)


def _column(grip: Grip, n: int, address: str | None) -> Column | None:
    if address is None:
        return None
    parameter, value = grip.parameter(address), grip.get(address)
    text, unit = words(parameter, value)
    layer = layer_of(grip)
    template = layer.dials[n - 1] or ""
    rest = parameter.default if parameter.minimum < 0 < parameter.maximum else parameter.minimum
    if parameter.unit == "dB" and parameter.minimum == -parameter.maximum:
        rest = 0.0
    elif parameter.unit == "dB":
        rest = parameter.minimum
    return Column(
        name=f"{n}  {parameter.name}" if "{n}" in template else parameter.name,
        value=text,
        unit=unit,
        share=share_of(parameter, value),
        rest=share_of(parameter, rest),
        choices=len(parameter.choices),
        colour=page_of(grip).colour,
        touched=COLUMNS[n - 1] in grip.touched,
        muted=_muted(grip, n),
    )


def _muted(grip: Grip, n: int) -> bool:
    lower = layer_of(grip).lower
    if not isinstance(lower, Mute):
        return False
    address = grip.expand(lower.template, n)
    return address is not None and grip.get(address) == lower.quiet


def _touched(grip: Grip) -> str:
    touched = [name for name in grip.touched if name in COLUMNS]
    if not touched:
        return ""
    address = layer_of(grip).addresses(grip)[COLUMNS.index(touched[-1])]
    if address is None:
        return ""
    parameter = grip.parameter(address)
    if parameter.choices:
        return f"{parameter.name}: {parameter.description}. {', '.join(parameter.choices)}"
    default = " ".join(words(parameter, parameter.default)).strip()
    return f"{parameter.name}: {parameter.description}. {parameter.range}, default {default}"


def _health(grip: Grip) -> Health:
    state, presets = grip.state, grip.state.presets
    slot = f"{presets.current:02d} " if presets.current else ""
    coming = presets.target_name if presets.target is not None else presets.queued_name
    number = presets.target or presets.queued
    return Health(
        preset=f"{slot}{presets.name}",
        edited=presets.edited,
        target=f"{number:02d} {coming}" if number and coming else "",
        progress=presets.progress,
        load=state.engine.load + sum(decoder.load for decoder in state.decoders),
        xruns=state.output.xruns,
        late=state.engine.late_frames,
        warning=_warning(grip),
        connected=grip.engine.connected,
    )


def _warning(grip: Grip) -> str:
    state = grip.state
    if not grip.engine.connected:
        return "The engine does not answer; it is waited for."
    if state.output.lost:
        return f"The sound card {state.output.name} is gone."
    broken = [decoder.model for decoder in state.decoders if decoder.broken]
    if broken:
        return f"Decoder stopped: {', '.join(broken)}."
    warnings = (*grip.warnings, *state.presets.problems, *state.flags)
    return warnings[0] if warnings else ""


def _helped(grip: Grip) -> bool:
    return any(
        name in grip.buttons and grip.now - grip.buttons[name] >= HOLD_SECONDS
        for name in HELP_BUTTONS
    )
