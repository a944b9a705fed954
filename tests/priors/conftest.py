"""A prior with weights at random, stored as any other."""

from pathlib import Path

import pytest
import yaml

CARD = {
    "format": 1,
    "name": "hum-prior",
    "models": ["hum-wave", "hum-spectral"],
    "file": "prior.onnx",
    "rate": 44100,
    "ratio": 2048,
    "window": 24,
    "overlap": 6,
    "mean": [0.5] * 8,
    "deviation": [2.0] * 8,
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of models with one prior, `hum-prior`."""
    torch = pytest.importorskip("torch")
    from models.training import export_prior, prior  # noqa: PLC0415 (torch is not everywhere)

    models = tmp_path_factory.mktemp("models")
    shape = prior.PriorShape(width=16, dilations=(1, 2), window=24, overlap=6)
    torch.manual_seed(3)
    network = prior.Flow(shape).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(1.5)  # enough for velocities to depend on where points are
    (models / "hum-prior").mkdir()
    export_prior.export(network, shape, models / "hum-prior" / "prior.onnx")
    (models / "hum-prior" / "prior.yaml").write_text(yaml.safe_dump(CARD), "utf-8")
    return models
