"""Moving between pages and their layers."""

from appliance.panel.push.grip import HOLD_SECONDS, Grip
from appliance.panel.push.page import Layer, Page
from appliance.panel.push.pages import PAGES


def page_of(grip: Grip) -> Page:
    """Return the page in front."""
    return PAGES[grip.page]


def layer_of(grip: Grip) -> Layer:
    """Return the layer in front."""
    return page_of(grip).layer(grip)


def open_page(grip: Grip, name: str) -> None:
    """Bring a page to the front; once more brings its next layer."""
    if name == grip.page:
        turn_layer(grip, 1, wrap=True)
    else:
        grip.before, grip.page = grip.page, name
        _take_in_hand(grip)


def leave_page(grip: Grip, seconds: float) -> None:
    """Go back if the page's button was held for long."""
    if seconds >= HOLD_SECONDS:
        grip.page = grip.before
        _take_in_hand(grip)


def turn_page(grip: Grip, by: int) -> None:
    """Go `by` pages on, round the end."""
    names = list(PAGES)
    open_page(grip, names[(names.index(grip.page) + by) % len(names)])


def turn_layer(grip: Grip, by: int, *, wrap: bool = False) -> None:
    """Go `by` layers on."""
    count = len(page_of(grip).open_layers(grip))
    place = min(grip.layers.get(grip.page, 0), count - 1) + by
    choose_layer(grip, place % count if wrap else min(max(place, 0), count - 1))


def choose_layer(grip: Grip, place: int) -> None:
    """Bring a layer, from 0, to the front, if the page has it."""
    if place < len(page_of(grip).open_layers(grip)):
        grip.layers[grip.page] = place
        _take_in_hand(grip)


def _take_in_hand(grip: Grip) -> None:
    slot = layer_of(grip).slot
    if slot is not None:
        grip.slot = slot
