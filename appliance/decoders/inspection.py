"""Looks an imported model over: files, numbers, quality on this machine, and against its source."""

from dataclasses import dataclass
from pathlib import Path

from appliance.decoders.card import Card, EncoderCard
from appliance.decoders.distance import TOLERANCE
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.onnx_encoder import OnnxEncoder
from appliance.decoders.quality import DecoderRule, EncoderRule, Quality


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, in words, and whether it is as it should be."""

    what: str
    sound: bool


def inspect(folder: Path, card: Card, source: Path | None = None) -> list[Finding]:
    """Return what was found of the model in `folder`.

    `source`, a TorchScript file, is compared with it sample by sample; that needs torch. Raises
    ModelError if a graph cannot be opened at all.
    """
    findings = _files(folder, card)
    if not all(finding.sound for finding in findings):
        return findings
    if card.runtime != "onnx":
        findings.append(Finding("plays through TorchScript: nothing was rebuilt", True))
        return findings
    exact = OnnxDecoder(folder / card.variants["fp32"].file, [0])
    rule = DecoderRule(exact, card.codes)
    for precision, variant in card.variants.items():
        decoder = OnnxDecoder(folder / variant.file, [0, 0])
        findings.append(_judged(f"decoder, {precision}", rule.judge(decoder)))
    if card.encoder is not None:
        findings += _encoder(folder, card.encoder)
    if source is not None:
        findings += _against(folder, card, source)
    return findings


def _files(folder: Path, card: Card) -> list[Finding]:
    findings: list[Finding] = []
    for part in (card, card.encoder):
        for variant in part.variants.values() if part is not None else ():
            path = folder / variant.file
            size = path.stat().st_size if path.is_file() else None
            if size != variant.bytes:
                is_there = "missing" if size is None else f"{size} bytes instead of {variant.bytes}"
                findings.append(Finding(f"{path} is {is_there}", False))
    return findings or [Finding("every file is there, of the size that the card says", True)]


def _judged(what: str, quality: Quality) -> Finding:
    distance = "" if quality.mel_db is None else f", log-mel distance {quality.mel_db:.2f} dB"
    return Finding(f"{what}: {quality.snr_db:.0f} dB over its error{distance}", quality.accepted)


def _encoder(folder: Path, card: EncoderCard) -> list[Finding]:
    rule = EncoderRule(OnnxEncoder(folder / card.variants["fp32"].file))
    return [
        _judged(f"encoder, {precision}", rule.judge(OnnxEncoder(folder / variant.file)))
        for precision, variant in card.variants.items()
    ]


def _against(folder: Path, card: Card, source: Path) -> list[Finding]:
    """Compare the exact graphs with the file, the same random numbers on both sides."""
    from appliance.decoders import contract, encoder_verification, verification  # noqa: PLC0415
    from appliance.decoders.families import recognise, recognise_encoder  # noqa: PLC0415
    from appliance.decoders.vschaos2_projection import project  # noqa: PLC0415

    model, facts = contract.open_model(source)
    if card.projection:
        project(model, card.projection, source)
    architecture = recognise(model, facts.latents)
    if architecture.codes and not card.codes:
        return [Finding("plays its codes by continuous channels: compared when imported", True)]
    decoder = OnnxDecoder(folder / card.variants["fp32"].file, [0])
    if card.delay:
        error = verification.offline_error(
            model, facts, decoder, card.delay, codes=architecture.codes
        )
    else:
        error = verification.relative_error(model, facts, decoder, codes=architecture.codes)
    findings = [_equal("decoder", error)]
    if card.encoder is not None and facts.encoding is not None:
        encoder = OnnxEncoder(folder / card.encoder.variants["fp32"].file)
        delay = recognise_encoder(model, facts.encoding).delay
        error = encoder_verification.encoder_error(model, facts.encoding, encoder, delay)
        findings.append(_equal("encoder", error))
    return findings


def _equal(part: str, error: float) -> Finding:
    return Finding(f"{part} equals TorchScript to {error:.1e}", error <= TOLERANCE)
