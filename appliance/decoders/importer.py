"""Imports a TorchScript model: rebuild, verify, quantize, measure, then one rename into place."""

import datetime
import hashlib
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import appliance
from appliance import LATENT_CHANNELS
from appliance.decoders.card import FORMAT, Card, EncoderCard, Source, Variant, write_card
from appliance.decoders.contract import Contract, Model, open_model
from appliance.decoders.decoder import Decoder
from appliance.decoders.encoder_import import file_name, import_encoder
from appliance.decoders.families import Architecture, recognise
from appliance.decoders.graph import Graph, Precision
from appliance.decoders.installation import install, workspace
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.scripted import UnknownTreeError
from appliance.decoders.verification import (
    TOLERANCE,
    level_db,
    offline_error,
    probe,
    quantization,
    relative_error,
    time_per_frame,
)
from appliance.errors import ModelError

Progress = Callable[[str], None]


def import_model(
    source: Path, folder: Path, *, name: str | None = None, progress: Progress = lambda _: None
) -> Card:
    """Import `source` into `folder`/name and return its card.

    The model appears complete or not at all; one of the same name is replaced. `progress` hears
    each step. Raises ModelError in one sentence if the file cannot play or the disk refuses it.
    """
    name = _name(source) if name is None else name
    if not name or _cleaned(name) != name:
        raise ModelError(
            f"A model cannot be called '{name}'. Use letters, digits and the signs . _ + -, "
            "with neither . nor - at an end."
        )
    progress("reading the file")
    model, contract = open_model(source)
    probe(model, contract, source)
    try:
        with workspace(folder) as scratch:
            work = scratch / name
            work.mkdir()
            card = _build(model, contract, source, work, name, progress)
            write_card(card, work)
            install(work, folder / name, scratch)
    except OSError as error:
        raise ModelError(
            f"The model cannot be stored in {folder} ({error.strerror or error}). "
            "Free some space or choose another folder with $NEURAL_SYNTH_MODELS."
        ) from error
    return card


def _build(
    model: Model, contract: Contract, source: Path, work: Path, name: str, progress: Progress
) -> Card:
    notes = _notes(contract)
    variation: float | None = None
    verified: float | None = None
    try:
        progress("recognising the family")
        architecture = recognise(model, contract.latents)
        family, runtime, delay = architecture.family, "onnx", architecture.delay
        description = {
            "family": family,
            "rate": contract.rate,
            "ratio": contract.ratio,
            "latents": contract.latents,
        }
        decoders: dict[str, OnnxDecoder] = {}
        for precision in Precision:
            progress(f"writing the {precision} graph")
            graph = Graph(precision)
            architecture.write(graph)
            path = work / f"decoder.{precision}.onnx"
            path.write_bytes(graph.serialize(description))
            decoders[precision] = OnnxDecoder(path, [0])
        progress("comparing with TorchScript")
        exact, codes = decoders[Precision.FP32], architecture.codes
        verified = _verified(model, contract, exact, architecture)
        level = level_db(exact, codes=codes)
        progress("measuring")
        snr, variation, accepted = quantization(exact, decoders[Precision.INT8], codes=codes)
        variants = {
            str(p): _variant(work / f"decoder.{p}.onnx", d, snr if p == Precision.INT8 else None)
            for p, d in decoders.items()
        }
        chosen = str(Precision.INT8 if accepted else Precision.FP32)
        notes.extend(architecture.notes)
    except OSError:
        raise
    except Exception as error:  # whatever a strange tree breaks, its file still plays
        from appliance.decoders.torchscript import TorchScriptDecoder  # noqa: PLC0415

        progress("keeping the TorchScript file")
        for left in work.glob("*.onnx"):
            left.unlink()
        notes.append(f"Plays through TorchScript, slower: {_first_line(error)}.")
        family, runtime, chosen, delay = "unknown", "torchscript", "torchscript", 0
        verified = variation = None
        shutil.copyfile(source, work / "model.ts")
        try:
            decoder = TorchScriptDecoder(work / "model.ts", [0])
            level = level_db(decoder)
            variants = {chosen: _variant(work / "model.ts", decoder, None)}
        except (OSError, ModelError):
            raise
        except Exception as failure:
            raise ModelError(
                f"{source} fails after some frames ({_first_line(failure)}). Export it again."
            ) from failure
    if not math.isfinite(level):
        raise ModelError(f"{source} gives NaN or infinite samples. Export an earlier checkpoint.")
    if level < _SILENT_DB:
        notes.append("Silent for random latents: check the export.")
    encoder = _encoder(model, contract, work, notes, progress)
    return Card(
        format=FORMAT,
        name=name,
        family=family,
        runtime=runtime,
        rate=contract.rate,
        ratio=contract.ratio,
        latents=contract.latents,
        channels=contract.channels,
        level_db=round(level, 1),
        precision=chosen,
        variants=variants,
        source=Source(source.name, source.stat().st_size, _sha256(source)),
        importer=f"{appliance.__version__} {datetime.date.today().isoformat()}",
        variation_db=None if variation is None else round(variation, 1),
        verified=None if verified is None else float(f"{verified:.2g}"),
        phases="random" if family == "vschaos2" else "",
        delay=delay,
        encoder=encoder,
        notes=notes,
    )


def _encoder(
    model: Model, contract: Contract, work: Path, notes: list[str], progress: Progress
) -> EncoderCard | None:
    """Return the encoder's card, or None and the reason among `notes`."""
    if contract.encoding is None:
        notes.append("Has no encoder.")
        return None
    try:
        return import_encoder(model, contract, contract.encoding, work, progress)
    except OSError:
        raise
    except Exception as error:  # whatever breaks here, the file still plays
        for precision in Precision:
            (work / file_name(precision)).unlink(missing_ok=True)
        notes.append(f"Cannot encode: {_first_line(error)}.")
        return None


def _verified(
    model: Model, contract: Contract, decoder: OnnxDecoder, architecture: Architecture
) -> float:
    """Return how far the rebuild is from its file; raises UnknownTreeError if too far."""
    codes, delay = architecture.codes, architecture.delay
    if delay:
        error = offline_error(model, contract, decoder, delay, codes=codes)
    else:
        error = relative_error(model, contract, decoder, codes=codes)
    if not error <= TOLERANCE:  # NaN must not pass
        raise UnknownTreeError(f"its rebuilt graph differs by {error:.1e}")
    return error


def _variant(path: Path, decoder: Decoder, snr: float | None) -> Variant:
    return Variant(
        path.name,
        path.stat().st_size,
        round(time_per_frame(decoder), 3),
        None if snr is None else round(snr, 1),
    )


def _notes(contract: Contract) -> list[str]:
    notes: list[str] = []
    if contract.latents < LATENT_CHANNELS:
        notes.append(
            f"Has {contract.latents} latents: channels {contract.latents + 1} to "
            f"{LATENT_CHANNELS} are unused."
        )
    if contract.latents > LATENT_CHANNELS:
        notes.append(
            f"Has {contract.latents} latents: {LATENT_CHANNELS + 1} to {contract.latents} are zero."
        )
    if contract.channels > 1:
        notes.append(f"Has {contract.channels} channels: mixed to mono.")
    if not contract.rate_declared:
        notes.append(f"Declares no sample rate: {contract.rate} Hz assumed.")
    return notes


def _name(source: Path) -> str:
    return _cleaned(source.stem) or "model"


def _cleaned(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.+-]+", "-", name).strip("-.")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


_SILENT_DB = -90.0
