"""The encoder's part of an import: rebuild, verify, quantize, measure; or a reason why not."""

from collections.abc import Callable
from pathlib import Path

from appliance.decoders.card import EncoderCard, Variant
from appliance.decoders.contract import Contract, Encoding, Model
from appliance.decoders.encoder_verification import (
    encoder_error,
    encoder_quantization,
    latency,
    time_per_encode,
)
from appliance.decoders.families import recognise_encoder
from appliance.decoders.graph import Graph, Precision
from appliance.decoders.onnx_encoder import OnnxEncoder
from appliance.decoders.role import Role
from appliance.decoders.scripted import UnknownTreeError
from appliance.decoders.verification import TOLERANCE


def import_encoder(
    model: Model,
    contract: Contract,
    encoding: Encoding,
    work: Path,
    progress: Callable[[str], None],
) -> EncoderCard:
    """Write the encoder graphs of `model` into `work` and return their card.

    `model` is left with the memory of what it encoded. Raises UnknownTreeError with the reason if
    it encodes in no known way, and whatever else a strange tree raises.
    """
    _check(encoding, contract)
    progress("recognising the encoder")
    architecture = recognise_encoder(model, encoding)
    description = {"rate": contract.rate, "ratio": encoding.ratio, "latents": encoding.latents}
    encoders: dict[Precision, OnnxEncoder] = {}
    for precision in Precision:
        graph = Graph(precision)
        architecture.write(graph)
        path = work / file_name(precision)
        path.write_bytes(graph.serialize(description, Role.ENCODER))
        encoders[precision] = OnnxEncoder(path)
    progress("comparing the encoder with TorchScript")
    exact = encoders[Precision.FP32]
    error = encoder_error(model, encoding, exact, architecture.delay)
    if not error <= TOLERANCE:  # NaN must not pass
        raise UnknownTreeError(f"its rebuilt encoder differs by {error:.1e}")
    progress("measuring the encoder")
    snr, accepted = encoder_quantization(exact, encoders[Precision.INT8])
    delay, memory = latency(exact)
    return EncoderCard(
        ratio=encoding.ratio,
        latents=encoding.latents,
        precision=str(Precision.INT8 if accepted else Precision.FP32),
        variants={
            str(p): Variant(
                file_name(p),
                (work / file_name(p)).stat().st_size,
                round(time_per_encode(encoder), 3),
                round(snr, 1) if p is Precision.INT8 else None,
            )
            for p, encoder in encoders.items()
        },
        verified=float(f"{error:.2g}"),
        delay=delay,
        memory=memory,
    )


def file_name(precision: Precision) -> str:
    """Return the name of an encoder's graph."""
    return f"encoder.{precision}.onnx"


def _check(encoding: Encoding, contract: Contract) -> None:
    """Raise UnknownTreeError unless the encoder gives what the decoder reads."""
    if (encoding.latents, encoding.ratio) != (contract.latents, contract.ratio):
        raise UnknownTreeError(
            f"it gives {encoding.latents} latents per {encoding.ratio} samples, its decoder reads "
            f"{contract.latents} per {contract.ratio}"
        )
