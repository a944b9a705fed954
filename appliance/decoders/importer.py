"""Imports a TorchScript model: rebuild, verify, quantize, measure, then one rename into place."""

import datetime
import hashlib
import math
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import appliance
from appliance import CONDITIONS, LATENT_CHANNELS
from appliance.decoders.card import (
    FORMAT,
    REVISION,
    Card,
    Source,
    Variant,
    write_card,
)
from appliance.decoders.continuous import played
from appliance.decoders.contract import Contract, Model, open_model, silence
from appliance.decoders.distance import TOLERANCE
from appliance.decoders.encoder_import import import_encoder
from appliance.decoders.families import Architecture, recognise
from appliance.decoders.installation import install, workspace
from appliance.decoders.measurement import level_db, look_ahead, time_per_frame
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.original_prior import drawn
from appliance.decoders.precision import candidates
from appliance.decoders.quality import DecoderRule
from appliance.decoders.rave import RaveDecoder
from appliance.decoders.role import Role
from appliance.decoders.scripted import UnknownTreeError
from appliance.decoders.shortage import check_shortage
from appliance.decoders.variants import AUTO, Part, Wishes, write_exact, write_variants
from appliance.decoders.verification import (
    offline_error,
    probe,
    relative_error,
)
from appliance.decoders.vschaos2_projection import NONE, chosen, project
from appliance.errors import ModelError

Progress = Callable[[str], None]


def import_model(
    source: Path,
    folder: Path,
    *,
    name: str | None = None,
    precision: str = AUTO,
    codes: bool = False,
    projection: str = "",
    progress: Progress = lambda _: None,
) -> Card:
    """Import `source` into `folder`/name and return its card.

    The model appears complete or not at all; one of the same name is replaced. `precision` is
    "auto" or that of all large matrices; `codes` keeps a discrete model's whole numbers as its
    inlets; `projection` shows a spectral model's latents on other axes. `progress` hears each step.
    Raises ModelError in one sentence if the file cannot play or the disk refuses it.
    """
    name = _name(source) if name is None else name
    if not name or _cleaned(name) != name:
        raise ModelError(
            f"A model cannot be called '{name}'. Use letters, digits and the signs . _ + -, "
            "with neither . nor - at an end."
        )
    if precision not in (AUTO, *candidates()):
        raise ModelError(
            f"This processor has no precision '{precision}'. "
            f"Use one of {', '.join((AUTO, *candidates()))}."
        )
    progress("reading the file")
    model, contract = open_model(source)
    if projection:
        project(model, projection, source)
    probe(model, contract, source)
    try:
        with workspace(folder) as scratch:
            work = scratch / name
            work.mkdir()
            card = _build(
                model, contract, source, work, name, Wishes(precision, codes, projection), progress
            )
            write_card(card, work)
            install(work, folder / name, scratch)
    except OSError as error:
        raise ModelError(
            f"The model cannot be stored in {folder} ({error.strerror or error}). "
            "Free some space or choose another folder with $NEURAL_SYNTH_MODELS."
        ) from error
    return card


def _build(
    model: Model,
    contract: Contract,
    source: Path,
    work: Path,
    name: str,
    wishes: Wishes,
    progress: Progress,
) -> Card:
    notes = _notes(contract, contract.latents)
    axes = chosen(model)
    card = Card(
        format=FORMAT,
        name=name,
        family="unknown",
        runtime="torchscript",
        rate=contract.rate,
        ratio=contract.ratio,
        latents=contract.latents,
        channels=contract.channels,
        level_db=0.0,
        precision="torchscript",
        variants={},
        source=Source(source.name, source.stat().st_size, _sha256(source)),
        importer=f"{appliance.__version__} {datetime.date.today().isoformat()}",
        revision=REVISION,
        conditions=list(contract.conditions[:CONDITIONS]),
        projection="" if axes == NONE else axes,
        notes=notes,
    )
    try:
        _rebuild(card, model, contract, work, wishes, progress)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # whatever a strange tree breaks, its file still plays
        check_shortage(error)
        progress("keeping the TorchScript file")
        for left in work.glob("*.onnx"):
            left.unlink()
        notes.append(f"Plays through TorchScript, slower: {_first_line(error)}.")
        _keep(card, model, source, work)
    if not math.isfinite(card.level_db):
        raise ModelError(f"{source} gives NaN or infinite samples. Export an earlier checkpoint.")
    if card.level_db < _SILENT_DB:
        notes.append("Silent for random latents: check the export.")
    card.level_db = round(card.level_db, 1)
    _add_encoder(card, model, contract, work, wishes, progress)
    if "prior" in contract.methods:
        _add_prior(card, model, contract, source, work)
    return card


def _rebuild(
    card: Card, model: Model, contract: Contract, work: Path, wishes: Wishes, progress: Progress
) -> None:
    """Write, verify and measure the decoder's graphs, and say on `card` what they are."""
    progress("recognising the family")
    architecture = recognise(model, contract.latents)
    if isinstance(architecture, RaveDecoder) and architecture.channels == architecture.heard == 2:
        architecture, card.split = replace(architecture, split=True), True
        card.notes[:] = _notes(contract, contract.latents, split=True)
    codes = architecture.codes
    description = {
        "family": architecture.family,
        "rate": contract.rate,
        "ratio": contract.ratio,
        "latents": contract.latents,
        "channels": 2 if card.split else 1,
        "conditions": [condition.classes for condition in contract.conditions],
    }
    part: Part[OnnxDecoder] = Part(
        role=Role.DECODER,
        write=architecture.write,
        description=description,
        codes=codes,
        open=lambda path, rows: OnnxDecoder(path, [0] * rows),
        milliseconds=time_per_frame,
        rows=2,
    )
    progress("writing the fp32 graph")
    exact, matrices = write_exact(part, work)
    progress("comparing with TorchScript")
    verified = _verified(model, contract, exact, architecture)
    if codes and not wishes.codes and isinstance(architecture, RaveDecoder):
        architecture = played(architecture)
        codes, latents = architecture.codes, architecture.latent.latents
        part = replace(
            part,
            write=architecture.write,
            codes=codes,
            description=description | {"latents": latents},
        )
        exact, matrices = write_exact(part, work)
        card.latents, card.notes[:] = latents, _notes(contract, latents, split=card.split)
    level = level_db(exact, codes=codes)
    progress("choosing the precision")
    rule = DecoderRule(exact, codes)
    plays, variants, accepted = write_variants(part, rule, exact, matrices, wishes.precision, work)
    progress("measuring")
    card.look_ahead = look_ahead(exact, codes=codes)
    card.family, card.runtime, card.delay = architecture.family, "onnx", architecture.delay
    card.level_db, card.precision, card.variants = level, plays, variants
    card.random, card.codes = exact.random, codes
    card.phases = "random" if architecture.family == "vschaos2" else ""
    if rule.variation_db is not None:
        card.variation_db = round(rule.variation_db, 1)
    card.verified = float(f"{verified:.2g}")
    card.notes.extend(architecture.notes)
    if not accepted:
        card.notes.append(f"As {plays} it is coarser than 'auto' would allow.")


def _keep(card: Card, model: Model, source: Path, work: Path) -> None:
    """Put the TorchScript file beside `card`, and say on it how that plays."""
    from appliance.decoders.torchscript import TorchScriptDecoder  # noqa: PLC0415

    path = work / "model.ts"
    if card.projection:  # an attribute, set in this process only
        silence(model)
        model.save(str(path))
    else:
        shutil.copyfile(source, path)
    try:
        decoder = TorchScriptDecoder(path, [0])
        card.level_db = level_db(decoder)
        time = round(time_per_frame(decoder), 3)
        card.variants = {card.precision: Variant(path.name, path.stat().st_size, time)}
    except (OSError, ModelError):
        raise
    except Exception as failure:
        check_shortage(failure)
        raise ModelError(
            f"{source} fails after some frames ({_first_line(failure)}). Export it again."
        ) from failure


def _add_encoder(
    card: Card, model: Model, contract: Contract, work: Path, wishes: Wishes, progress: Progress
) -> None:
    """Put the encoder on `card`, or the reason why there is none among its notes."""
    if contract.encoding is None:
        card.notes.append("Has no encoder.")
        return
    try:
        encoder, ranges = import_encoder(model, contract, contract.encoding, work, wishes, progress)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # whatever breaks here, the file still plays
        check_shortage(error)
        for left in work.glob(f"{Role.ENCODER}.*"):
            left.unlink()
        card.notes.append(f"Cannot encode: {_first_line(error)}.")
        return
    card.encoder, card.ranges = encoder, ranges


def _add_prior(card: Card, model: Model, contract: Contract, source: Path, work: Path) -> None:
    """Keep the file beside `card` for the prior in it, or say why that cannot be used."""
    try:
        if not contract.prior:
            raise UnknownTreeError("it does not give this decoder's latents")
        shape = drawn(model, _TRIED).shape
        if shape != (contract.latents, _TRIED):
            raise UnknownTreeError(f"it gives {shape} for {_TRIED} frames")
    except Exception as error:  # whatever breaks here, the file still plays
        check_shortage(error)
        card.notes.append(f"Has a prior that cannot be used: {_first_line(error)}.")
        return
    card.prior = "model.ts" if card.runtime == "torchscript" else "prior.ts"
    if card.runtime != "torchscript":
        shutil.copyfile(source, work / card.prior)
    card.notes.append("Has a prior: 'neural-synth latents generate --model' and the jam use it.")


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


def _notes(contract: Contract, latents: int, *, split: bool = False) -> list[str]:
    notes: list[str] = []
    if latents < LATENT_CHANNELS:
        notes.append(
            f"Has {latents} latents: channels {latents + 1} to {LATENT_CHANNELS} are unused."
        )
    if latents > LATENT_CHANNELS:
        notes.append(f"Has {latents} latents: {LATENT_CHANNELS + 1} to {latents} are zero.")
    if len(contract.conditions) > CONDITIONS:
        notes.append(f"Has {len(contract.conditions)} labels: those behind {CONDITIONS} stay at 0.")
    if contract.channels > 1:
        apart = ", or apart in two slots with channel: left and right" if split else ""
        notes.append(f"Has {contract.channels} channels: mixed to mono{apart}.")
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
_TRIED = 2  # points of a prior
