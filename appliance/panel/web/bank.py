"""The preset bank over HTTP: its list, each slot's text, the whole as one zip."""

import asyncio
import functools
import re
from typing import Any

from aiohttp import web

from appliance.panel.box import Box
from appliance.panel.intake import Intake
from appliance.panel.web.chronicle import Chronicle
from appliance.panel.web.receiving import receive, sent_file

_PLAIN = re.compile(r"[^a-z0-9]+")
_DISK = 15.0  # seconds the engine may take for what needs its disk


class BankPages:
    """Reads and fills the slots of the engine's bank."""

    def __init__(self, box: Box, intake: Intake, chronicle: Chronicle) -> None:
        """Serve the bank of `box`."""
        self._box, self._intake, self._chronicle = box, intake, chronicle

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered."""
        return [
            web.get("/api/presets", self._list),
            web.get(r"/api/presets/{slot:\d+}", self._read),
            web.put(r"/api/presets/{slot:\d+}", self._write),
            web.get(r"/api/presets/{slot:\d+}/versions", self._versions),
            web.get("/api/bank", self._export),
            web.put("/api/bank", self._import),
        ]

    async def _ask(
        self, address: str, *arguments: str | float, end: str
    ) -> list[tuple[str, list[Any]]]:
        ask = functools.partial(self._box.ask, address, *arguments, end=end, timeout=_DISK)
        return await asyncio.get_running_loop().run_in_executor(None, ask)

    async def _list(self, _: web.Request) -> web.Response:
        told = await self._ask("/preset/list", end="/preset/list/end")
        return web.json_response(
            [
                {"slot": said[0], "name": said[1], "tags": said[2]}
                for address, said in told
                if address == "/preset/slot"
            ]
        )

    async def _read(self, request: web.Request) -> web.Response:
        told = await self._ask("/preset/text", _slot(request), end="/preset/text")
        slot, text = told[-1][1]
        name = re.search(r"^name: *(.*)$", text, re.MULTILINE)
        word = _PLAIN.sub("-", name[1].lower()).strip("-") if name else ""
        file = f"{slot:02}-{word}.yaml" if word else f"{slot:02}.yaml"
        return web.Response(
            text=text,
            content_type="application/yaml",
            headers={"Content-Disposition": f'attachment; filename="{file}"'},
        )

    async def _write(self, request: web.Request) -> web.Response:
        slot = _slot(request)
        arrival = await receive(request, self._intake, "preset", "preset.yaml")
        try:
            described = arrival.check()
            await self._ask("/preset/take", slot, str(arrival.path), end="/preset/saved")
        finally:
            arrival.close()
        self._chronicle.write("page", f"Slot {slot} came in: {described}.")
        return web.json_response({"said": described})

    async def _versions(self, request: web.Request) -> web.Response:
        told = await self._ask("/preset/versions", _slot(request), end="/preset/versions/end")
        return web.json_response(
            [
                {"number": said[1], "name": said[2]}
                for address, said in told
                if address == "/preset/version"
            ]
        )

    async def _export(self, request: web.Request) -> web.StreamResponse:
        with self._intake.scratch(".zip") as file:
            await self._ask("/preset/export", str(file), end="/preset/exported")
            return await sent_file(request, file, "neural-synth-bank.zip")

    async def _import(self, request: web.Request) -> web.Response:
        arrival = await receive(request, self._intake, "bank", "bank.zip")
        try:
            described = await asyncio.to_thread(arrival.check)
            await self._ask("/preset/import", str(arrival.path), end="/preset/saved")
        finally:
            arrival.close()
        self._chronicle.write("page", f"A bank came in: {described}.")
        return web.json_response({"said": described})


def _slot(request: web.Request) -> int:
    return int(request.match_info["slot"][:6])
