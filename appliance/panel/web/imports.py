"""Models on their way in: a file is sent, the queue of imports does the rest and tells how far."""

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web

from appliance.errors import ModelError
from appliance.imports.job import Job
from appliance.imports.queue import ImportQueue
from appliance.panel.intake import Intake
from appliance.panel.web.chronicle import Chronicle
from appliance.panel.web.receiving import receive


class ImportPages:
    """Fills the queue of imports and shows it."""

    def __init__(self, intake: Intake, queue: ImportQueue, chronicle: Chronicle) -> None:
        """Serve `queue`, which another part works off."""
        self._intake, self._queue, self._chronicle = intake, queue, chronicle

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered."""
        return [
            web.get("/api/imports", self._list),
            web.put("/api/imports/{name}", self._submit),
            web.post(r"/api/imports/{number:\d{1,9}}/{act:cancel|retry|forget}", self._act),
        ]

    async def _list(self, _: web.Request) -> web.Response:
        jobs = await asyncio.to_thread(self._queue.status)
        return web.json_response([_told(job) for job in jobs])

    async def _submit(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        arrival = await receive(request, self._intake, "model", name)
        try:
            described = await asyncio.to_thread(arrival.check)
            model = Path(arrival.name).stem
            number = await asyncio.to_thread(self._queue.submit, arrival.path, name=model)
        finally:
            arrival.close()
        self._chronicle.write("page", f"{arrival.name} came in: {described}. Import {number}.")
        return web.json_response({"number": number, "said": described})

    async def _act(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        acts = {
            "cancel": self._queue.cancel,
            "retry": self._queue.retry,
            "forget": self._queue.forget,
        }
        try:
            await asyncio.to_thread(acts[request.match_info["act"]], number)
        except OSError as error:
            raise ModelError(f"Import {number} cannot be changed: {error.strerror}.") from error
        return web.json_response({})


def _told(job: Job) -> dict[str, Any]:
    return {
        "number": job.number,
        "name": job.name,
        "state": str(job.state),
        "reason": job.reason,
        "step": job.step,
        "share": job.share,
    }
