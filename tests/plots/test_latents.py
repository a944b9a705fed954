"""Pictures of latents and sound: what is drawn is where it belongs."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from appliance.errors import ApplianceError
from appliance.plots.chart import WIDTH
from appliance.plots.latents import latents_chart, spectrogram

RATE = 44100


def test_a_tone_is_a_line_at_its_height() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(2 * RATE) / RATE).astype(np.float32)
    tone[RATE:] = 0
    brightness = spectrogram(tone, RATE).sum(-1, dtype=int)
    height = len(brightness)
    row = height - np.log2(1000 / 40) / np.log2(RATE / 2 / 40) * height
    assert np.argmax(brightness[:, WIDTH // 4]) == pytest.approx(row, abs=2)
    assert brightness[:, 3 * WIDTH // 4].max() < brightness[:, WIDTH // 4].max() / 10


@pytest.mark.parametrize("points", [1, 8, 700, 12_345])
def test_a_lane_shows_its_channel(tmp_path: Path, points: int) -> None:
    latents = np.zeros((1, 8, points))
    latents[0, 2] = 1.0
    latents[0, 5, points // 2 :] = -1.0
    latents_chart(latents, 10.0, "steps").save(tmp_path / "a.png")
    pixels = np.asarray(Image.open(tmp_path / "a.png").convert("RGB")).astype(int)
    blue = (pixels[..., 2] - pixels[..., 0] > 80) & (pixels[..., 2] > 120)
    rows = np.flatnonzero(blue[:, 56 + WIDTH // 4])
    assert len(rows) >= 8
    centres = 26 + 22 + 58 * np.arange(8)  # lanes of 44 and gaps of 14 pixels
    assert any(abs(row - (centres[2] - 20)) <= 1 for row in rows)
    late = np.flatnonzero(blue[:, 56 + 3 * WIDTH // 4])
    assert any(abs(row - (centres[5] + 20)) <= 1 for row in late)
    assert (tmp_path / "a.png").stat().st_size < 30_000


def test_a_place_that_takes_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ApplianceError, match="cannot be written"):
        latents_chart(np.zeros((1, 8, 4)), 1.0, "x").save(tmp_path / "no" / "a.png")
