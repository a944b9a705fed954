"""Sticks as players make them, as plain folders: what is on them is what counts."""

import io
import zipfile
from pathlib import Path

import numpy as np
import soundfile

from appliance.presets.preset import Preset, write_preset


def text(name: str, value: float = 0.5, files: dict[str, str] | None = None) -> bytes:
    """Return a preset file."""
    preset = Preset(name=name, parameters={"/offset/1/value": value}, files=files or {})
    return write_preset(preset).encode()


def put(stick: Path, name: str, data: bytes) -> Path:
    """Write a file into the stick's home."""
    file = stick / "neural-synth" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def sample(seconds: float = 0.2, seed: int = 1) -> bytes:
    """Return a WAV file."""
    out = io.BytesIO()
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, round(48000 * seconds))
    soundfile.write(out, noise, 48000, format="WAV", subtype="PCM_16")
    return out.getvalue()


def latents(frames: int = 50, seed: int = 1) -> bytes:
    """Return an array file."""
    out = io.BytesIO()
    np.save(out, np.random.default_rng(seed).normal(size=(8, frames)).astype(np.float32))
    return out.getvalue()


def bank(slots: dict[int, bytes], files: dict[str, bytes] | None = None) -> bytes:
    """Return a bank as a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for slot, data in slots.items():
            archive.writestr(f"{slot:02}.yaml", data)
        for name, data in (files or {}).items():
            archive.writestr(name, data)
    return out.getvalue()


def model() -> bytes:
    """Return what passes for a TorchScript file until it is imported."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("rave/constants.pkl", b"\x80\x02).")
        archive.writestr("rave/data.pkl", b"\x80\x02).")
    return out.getvalue()


def usual(stick: Path) -> None:
    """Bring a bit of everything."""
    put(stick, "presets/03-rain.yaml", text("Rain", 0.1, {"/jam/1/file": "latents/rain.npy"}))
    put(stick, "presets/loose.yaml", text("Loose", 0.2))
    put(stick, "samples/voice.wav", sample())
    put(stick, "latents/rain.npy", latents())
    put(stick, "models/tiny.ts", model())
    put(stick, "config.yaml", b"name: stage-left\n")
