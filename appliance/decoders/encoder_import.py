"""The encoder's part of an import: rebuild, verify, choose precisions, or a reason why not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from appliance.decoders.card import EncoderCard
from appliance.decoders.continuous import heard
from appliance.decoders.contract import Contract, Encoding, Model
from appliance.decoders.distance import TOLERANCE
from appliance.decoders.encoder_verification import encoder_error
from appliance.decoders.families import recognise_encoder
from appliance.decoders.measurement import latency, time_per_encode
from appliance.decoders.onnx_encoder import OnnxEncoder
from appliance.decoders.quality import EncoderRule
from appliance.decoders.rave_encoder import RaveEncoder
from appliance.decoders.role import Role
from appliance.decoders.scripted import UnknownTreeError
from appliance.decoders.variants import Part, Wishes, write_exact, write_variants


def import_encoder(
    model: Model,
    contract: Contract,
    encoding: Encoding,
    work: Path,
    wishes: Wishes,
    progress: Callable[[str], None],
) -> tuple[EncoderCard, list[tuple[float, float]]]:
    """Write the encoder graphs of `model` into `work`; return their card and the latents' ranges.

    `model` is left with the memory of what it encoded. Raises UnknownTreeError with the reason if
    it encodes in no known way, and whatever else a strange tree raises.
    """
    _check(encoding, contract)
    progress("recognising the encoder")
    architecture = recognise_encoder(model, encoding)
    part: Part[OnnxEncoder] = Part(
        role=Role.ENCODER,
        write=architecture.write,
        description={
            "rate": contract.rate,
            "ratio": encoding.ratio,
            "latents": encoding.latents,
        },
        codes=architecture.codes,
        open=lambda path, _: OnnxEncoder(path),
        milliseconds=time_per_encode,
        rows=1,
    )
    exact, matrices = write_exact(part, work)
    progress("comparing the encoder with TorchScript")
    error = encoder_error(model, encoding, exact, architecture.delay)
    if not error <= TOLERANCE:  # NaN must not pass
        raise UnknownTreeError(f"its rebuilt encoder differs by {error:.1e}")
    latents = encoding.latents
    if architecture.codes and not wishes.codes and isinstance(architecture, RaveEncoder):
        architecture, latents = heard(architecture)
        part = replace(
            part,
            write=architecture.write,
            codes=0,
            description=part.description | {"latents": latents},
        )
        exact, matrices = write_exact(part, work)
    progress("choosing the encoder's precision")
    rule = EncoderRule(exact)
    plays, variants, _ = write_variants(part, rule, exact, matrices, wishes.precision, work)
    progress("measuring the encoder")
    delay, memory = latency(exact)
    card = EncoderCard(
        ratio=encoding.ratio,
        latents=latents,
        precision=plays,
        variants=variants,
        verified=float(f"{error:.2g}"),
        delay=delay,
        memory=memory,
    )
    return card, rule.ranges


def _check(encoding: Encoding, contract: Contract) -> None:
    """Raise UnknownTreeError unless the encoder gives what the decoder reads."""
    if (encoding.latents, encoding.ratio) != (contract.latents, contract.ratio):
        raise UnknownTreeError(
            f"it gives {encoding.latents} latents per {encoding.ratio} samples, its decoder reads "
            f"{contract.latents} per {contract.ratio}"
        )
