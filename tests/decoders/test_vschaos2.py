from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch
from numpy.typing import NDArray

from appliance.decoders import fourier
from appliance.decoders.graph import Graph
from appliance.decoders.precision import Precision
from appliance.decoders.scripted import UnknownTreeError
from appliance.decoders.vschaos2_tree import recognise
from tests.decoders.vschaos2_export import make_vschaos2

LATENTS = 8
FRAMES = 50
SEED = 5

Array = NDArray[np.float32]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("vschaos2")
    return {size: make_vschaos2(folder / f"{size}.ts", size) for size in ("normal", "precise")}


@pytest.fixture(autouse=True)
def quiet_torch():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.inference_mode():
        yield
    torch.set_num_threads(threads)


def load(path: Path) -> Any:
    return torch.jit.load(str(path)).eval()


def rewind(model: Any) -> None:
    """Silence what hangs over, whatever batch the original last played."""
    for name, buffer in model.named_buffers():
        if name.endswith("output_buffer"):
            buffer.zero_()


def session(graph: Graph) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    blob = graph.serialize({})
    return ort.InferenceSession(blob, options, providers=["CPUExecutionProvider"])


class Rebuild:
    """The rebuilt decoder, fed with the random numbers that torch would draw."""

    def __init__(self, path: Path, batch: int) -> None:
        self.graph = Graph()
        recognise(load(path), LATENTS).write(self.graph)
        self.session = session(self.graph)
        self.names = [output.name for output in self.session.get_outputs()]
        self.states = {s.source: np.zeros((batch, *s.shape), np.float32) for s in self.graph.states}

    def decode(self, z: Array, phases: Array | None = None) -> Array:
        """Return audio (batch, hop) of one frame z (batch, latents)."""
        (noise,) = self.graph.noises
        assert noise.distribution == "uniform"
        if phases is None:
            phases = torch.rand(len(z), *noise.shape).numpy()
        at_random = {name: np.zeros((len(z), 1), np.float32) for name in self.graph.controls}
        feed = {"z": z[:, None], noise.name: phases, **at_random, **self.states}
        outputs = [np.asarray(output) for output in self.session.run(None, feed)]
        given = dict(zip(self.names, outputs, strict=True))
        self.states = {s.source: given[s.target] for s in self.graph.states}
        return given["audio"]


def latents(batch: int, frames: int = FRAMES, seed: int = 1) -> Array:
    """Return z (frames, batch, latents)."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((frames, batch, LATENTS)).astype(np.float32)


def original(model: Any, z: Array) -> Array:
    """Return audio (batch, samples) of one call with all frames of z (frames, batch, latents)."""
    torch.manual_seed(SEED)
    return call(model, z)


def call(model: Any, z: Array) -> Array:
    return model.decode(torch.from_numpy(z).permute(1, 2, 0))[:, 0].numpy()


def difference(got: Array, wanted: Array) -> float:
    return float(np.abs(got - wanted).max() / np.abs(wanted).max())


def rebuilt(path: Path, z: Array) -> Array:
    rebuild = Rebuild(path, z.shape[1])
    torch.manual_seed(SEED)
    return np.concatenate([rebuild.decode(frame) for frame in z], axis=1)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("size", ["normal", "precise"])
def test_rebuild_equals_original(files: dict[str, Path], size: str, batch: int):
    z = latents(batch)
    model = load(files[size])
    torch.manual_seed(SEED)
    single = np.concatenate([call(model, frame[None]) for frame in z], axis=1)
    got = rebuilt(files[size], z)
    assert 0.03 < single.std() < 0.3
    assert difference(got, single) <= 1e-4
    rewind(model)
    assert difference(got, original(model, z)) <= 1e-4  # state is carried as in one long call


@pytest.mark.parametrize("size", ["normal", "precise"])
def test_rows_of_a_batch_are_independent(files: dict[str, Path], size: str):
    z = latents(2, 8)
    pair, alone = Rebuild(files[size], 2), Rebuild(files[size], 1)
    rng = np.random.default_rng(3)
    bins = pair.graph.noises[0].shape[0]
    for frame in z:
        phases = rng.random((2, bins), np.float32)
        both = pair.decode(frame, phases)
        assert difference(both[:1], alone.decode(frame[:1], phases[:1])) <= 1e-6
        assert difference(both[1:], both[:1]) > 0.1


def test_original_with_a_full_overlap_buffer(tmp_path: Path):
    path = make_vschaos2(tmp_path / "small.ts", "small")
    model = load(path)
    model.decode(torch.ones(1, LATENTS, 3))
    model.save(str(path))
    carried = load(path)
    assert carried.overlap_add.output_buffer.abs().max() > 0
    for batch in (1, 2, 1):
        z = latents(batch, 6, seed=batch)
        rewind(carried)
        assert difference(rebuilt(path, z), original(carried, z)) <= 1e-4


@pytest.mark.parametrize(
    "options",
    [
        {"plain": True},
        {"contrast": "log"},
        {"contrast": "log10"},
        {"contrast": "none"},
        {"keep_nyquist": False},
        {"inversion_mode": "random"},
        {"banks": True},
    ],
    ids=str,
)
def test_variants_of_the_export(tmp_path: Path, options: dict[str, Any]):
    path = make_vschaos2(tmp_path / "small.ts", "small", **options)
    z = latents(2, 10)
    assert difference(rebuilt(path, z), original(load(path), z)) <= 1e-4


@pytest.mark.parametrize("size", [16, 32, 256, 2048, 8192])
def test_inverse_fourier_transform(size: int):
    graph = Graph()
    bins = size // 2 + 1
    graph.input("x", 2, bins)
    weighted = graph.node("Mul", ["x", graph.constant(fourier.weights(size))])
    graph.output("y", fourier.invert(graph, weighted, size), (size,))
    rng = np.random.default_rng(size)
    x = rng.standard_normal((2, 2, bins)).astype(np.float32)
    (y,) = session(graph).run(None, {"x": x})
    wanted = np.fft.irfft(x[:, 0].astype(np.float64) + 1j * x[:, 1])
    assert difference(np.asarray(y), wanted.astype(np.float32)) <= 1e-6


@pytest.mark.parametrize("size", [0, 8, 24, 1000])
def test_fourier_sizes(size: int):
    with pytest.raises(ValueError, match=f"size {size}: .* power of two"):
        fourier.factors(size)


@pytest.mark.parametrize("size", ["normal", "precise"])
def test_int8_magnitudes(
    files: dict[str, Path], size: str, record_property: Callable[[str, float], None]
):
    decoder = recognise(load(files[size]), LATENTS)
    given: dict[Precision, Array] = {}
    for precision in (Precision.FP32, Precision.INT8):
        graph = Graph(precision)
        name = decoder.magnitudes(graph, graph.input("z", 1, LATENTS))
        graph.output("magnitudes", name, (len(decoder.window) // 2 + 1,))
        runs = session(graph)
        outputs = [runs.run(None, {"z": frame[:, None]})[0] for frame in latents(1)]
        given[precision] = np.concatenate([np.asarray(output) for output in outputs])
    exact, error = given[Precision.FP32], given[Precision.INT8] - given[Precision.FP32]
    ratio = 10 * np.log10(np.square(exact).mean() / np.square(error).mean())
    record_property(f"{size}_int8_snr_db", round(float(ratio), 1))
    assert 25 <= ratio < 80  # above 80 nothing would have been quantized


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"dimred": "UMAP"}, "projected by 'UMAP', which it lacks"),
        ({"inversion_mode": "pghi"}, "inversion mode is 'pghi'"),
        ({"inversion_mode": "sinebank"}, "inversion mode is 'sinebank'"),
        ({"mel": 1}, "mel scale"),
        ({"contrast": "cube"}, "contrast is 'cube'"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_refusals(tmp_path: Path, options: dict[str, Any], reason: str):
    model = load(make_vschaos2(tmp_path / "small.ts", "small", **options))
    with pytest.raises(UnknownTreeError, match=reason):
        recognise(model, LATENTS)


def test_refuses_phases_of_an_encoded_frame(tmp_path: Path):
    model = load(make_vschaos2(tmp_path / "small.ts", "small"))
    assert recognise(model, LATENTS).family == "vschaos2"
    model.encode(torch.zeros(1, 1, 1024))
    with pytest.raises(UnknownTreeError, match="phases of an encoded frame"):
        recognise(model, LATENTS)


def test_refuses_other_trees():
    model = torch.jit.script(torch.nn.Linear(LATENTS, 2))
    with pytest.raises(UnknownTreeError, match="outermost class is Linear"):
        recognise(model, LATENTS)


def test_one_frame_per_call(files: dict[str, Path]):
    write = partial(recognise(load(files["normal"]), LATENTS).write, Graph())
    with pytest.raises(ValueError, match="1 frame per call, not 2"):
        write(frames=2)
