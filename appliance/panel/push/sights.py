"""The views of the pages: what is to be seen beside the dials."""

from typing import Any

from appliance.panel.push.grip import Grip, next_filled
from appliance.panel.push.jam_pads import jam_cursor
from appliance.panel.push.page import Sight
from appliance.panel.push.paging import layer_of
from appliance.panel.push.screen import Facts, Latents, Map, Matrix, Presets, Reel, Scope, View


def sight(grip: Grip, kind: Sight) -> View:
    """Return the view of `kind` as it is now."""
    return _SIGHTS[kind](grip)


def _latents(grip: Grip) -> Latents:
    return Latents(grip.state.modules, grip.state.latents)


def _scope(grip: Grip) -> Scope:
    meters = grip.state.meters
    return Scope(meters.peak, meters.rms, meters.compression_db, meters.limiting_db)


def _reel(grip: Grip) -> Reel:
    slots: list[dict[str, Any]] = grip.state.sections.get("jam", {}).get("slots", [])
    slot = slots[grip.jam - 1] if grip.jam <= len(slots) else {}
    start, end = grip.expand("/jam/{jam}/start"), grip.expand("/jam/{jam}/end")
    play = grip.expand("/jam/{jam}/play")
    return Reel(
        name=f"Jam {grip.jam}  {slot.get('name') or 'empty'}",
        outline=tuple(slot.get("outline", ())),
        cursor=jam_cursor(grip),
        start=grip.get(start) if start else 0.0,
        end=grip.get(end) if end else 1.0,
        playing=play is not None and grip.get(play) != 0,
        recording=bool(slot.get("recording")),
        note=f"{slot['seconds']:.1f} s" if slot.get("seconds") else "",
    )


def _map(grip: Grip) -> Map:
    places = grip.state.sections.get("terrain", {}).get("places", [])
    return Map(
        grip.get("/terrain/x"),
        grip.get("/terrain/y"),
        tuple((float(p["x"]), float(p["y"]), str(p.get("name", ""))) for p in places),
    )


def _matrix(grip: Grip) -> Matrix:
    template = layer_of(grip).dials[0] or ""
    row = grip.row
    gains: list[tuple[float, ...]] = []
    for source in range(1, 9):
        grip.row = source
        cells = (grip.expand(template, n) for n in range(1, 9))
        gains.append(tuple(grip.get(cell) if cell else 0.0 for cell in cells))
    grip.row = row
    jam = "{jam}" in template
    title = f"Jam {grip.jam} to all decoders" if jam else f"Encoder to decoder {grip.slot}"
    return Matrix(title, tuple(gains), row - 1)


def _facts(grip: Grip) -> Facts:
    state = grip.state
    models = ", ".join(
        f"{'+'.join(map(str, decoder.slots))} {decoder.model} {100 * decoder.load:.0f} %"
        for decoder in state.decoders
    )
    output = state.output
    sound = f"{output.name}, {output.rate} Hz, {output.periods} x {output.period}"
    return Facts(
        (
            ("Box", f"{state.name} {state.version}"),
            *grip.facts,
            ("Sound", sound if output.rate else "unknown"),
            ("Health", f"{output.xruns} xruns, {state.engine.late_frames} late frames"),
            ("Models", models or "unknown"),
        )
    )


def _presets(grip: Grip) -> Presets:
    presets = grip.state.presets
    goal = grip.goal or next_filled(presets.filled, presets.current)
    coming = presets.target if presets.target is not None else presets.queued
    held = next(iter(reversed(grip.pads)), None)
    seconds = grip.get("/preset/seconds")
    mode = f"{seconds:.1f} s" if seconds else "hard"
    begin = ", with the bar" if grip.get("/preset/quantize") else ""
    shown = coming if coming is not None else goal
    return Presets(
        slot=f"{presets.current:02d}" if presets.current else "--",
        name=presets.name,
        target=f"{shown:02d} {grip.names.get(shown, '')}".strip() if shown else "",
        progress=presets.progress,
        held=f"{held + 1:02d} {grip.names.get(held + 1, 'empty')}" if held is not None else "",
        mode=f"{mode}{begin}",
        filled=frozenset(presets.filled),
        current=presets.current,
        goal=shown,
    )


_SIGHTS = {
    "latents": _latents,
    "scope": _scope,
    "reel": _reel,
    "map": _map,
    "matrix": _matrix,
    "facts": _facts,
    "presets": _presets,
}
