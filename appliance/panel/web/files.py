"""The player's files over HTTP: samples and latents that are kept, models that are imported."""

import asyncio
import shutil
import zipfile
from typing import Any

from aiohttp import web

from appliance.decoders.catalogue import Catalogue
from appliance.errors import IntakeError, ModelError
from appliance.panel.intake import SPARE, Intake
from appliance.panel.kinds import KINDS
from appliance.panel.web.chronicle import Chronicle
from appliance.panel.web.receiving import receive, sent_file
from appliance.yaml_file import legible

_KEPT = [kind.name for kind in KINDS.values() if kind.folder]


class FilePages:
    """Lists, takes in, sends and removes files."""

    def __init__(self, intake: Intake, catalogue: Catalogue, chronicle: Chronicle) -> None:
        """Serve what lies in the folders of `intake`, and the models of `catalogue`."""
        self._intake, self._catalogue, self._chronicle = intake, catalogue, chronicle

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered."""
        return [
            web.get("/api/files", self._list),
            web.get("/api/files/{kind}/{name}", self._send),
            web.put("/api/files/{kind}/{name}", self._receive),
            web.delete("/api/files/{kind}/{name}", self._remove),
            web.get("/api/models/{name}", self._send_model),
        ]

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(self._found))

    def _found(self) -> dict[str, Any]:
        folder = self._intake.folder
        free = shutil.disk_usage(folder if folder.is_dir() else folder.parent).free
        return {
            "free": max(0, free - SPARE),
            "kinds": {
                kind.name: {
                    "suffixes": kind.suffixes,
                    "most": kind.most,
                    "folder": kind.folder,
                }
                for kind in KINDS.values()
            },
            "files": {
                name: [
                    {"name": f.name, "size": f.size, "changed": f.changed}
                    for f in self._intake.files(name)
                ]
                for name in _KEPT
            },
            "models": [self._model(name) for name in self._catalogue.names()],
        }

    def _model(self, name: str) -> dict[str, Any]:
        try:
            card = self._catalogue.card(name)
        except ModelError as error:
            return {"name": name, "problem": str(error)}
        variant = card.variants[card.precision]
        return {
            "name": name,
            "family": card.family,
            "rate": card.rate,
            "ratio": card.ratio,
            "latents": card.latents,
            "precision": card.precision,
            "ms": variant.ms_per_frame,
            "encodes": card.encoder is not None,
            "notes": list(card.notes),
        }

    async def _send(self, request: web.Request) -> web.StreamResponse:
        kind, name = request.match_info["kind"], request.match_info["name"]
        return await sent_file(request, self._intake.find(kind, name), name)

    async def _receive(self, request: web.Request) -> web.Response:
        kind, name = request.match_info["kind"], request.match_info["name"]
        if kind not in _KEPT:
            raise IntakeError(f"'{legible(kind)}' is none of {', '.join(_KEPT)}.")
        arrival = await receive(request, self._intake, kind, name)
        try:
            described = await asyncio.to_thread(arrival.check)
            place = arrival.keep(replace=request.query.get("replace") == "1")
        finally:
            arrival.close()
        self._chronicle.write("page", f"{place.name} came in: {described}.")
        return web.json_response({"name": place.name, "said": described})

    async def _remove(self, request: web.Request) -> web.Response:
        kind, name = request.match_info["kind"], request.match_info["name"]
        self._intake.remove(kind, name)
        self._chronicle.write("page", f"{name} was removed.")
        return web.json_response({})

    async def _send_model(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in self._catalogue.names():
            raise IntakeError(f"There is no model '{legible(name)}'.")
        with self._intake.scratch(".zip") as file:
            await asyncio.to_thread(self._pack, name, str(file))
            return await sent_file(request, file, f"{name}.zip")

    def _pack(self, name: str, target: str) -> None:
        home = self._catalogue.folder(name)
        with zipfile.ZipFile(target, "w") as archive:
            for path in sorted(home.rglob("*")):
                if path.is_file() and not path.is_symlink():
                    archive.write(path, f"{name}/{path.relative_to(home)}")
