"""The display's picture, 960 x 160, drawn from a screen with Pillow."""

from appliance.panel.push.drawing.picture import HEIGHT, WIDTH, draw

__all__ = ["HEIGHT", "WIDTH", "draw"]
