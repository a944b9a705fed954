"""Files over HTTP: received piece by piece into the intake, sent from the disk."""

import asyncio
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from appliance.errors import IntakeError
from appliance.panel.intake import Arrival, Intake

_PIECE = 1 << 18


async def receive(request: web.Request, intake: Intake, kind: str, name: str) -> Arrival:
    """Return the file in the body of `request`, whole and not yet checked; raises IntakeError."""
    arrival = intake.begin(kind, name, request.content_length)
    try:
        async for piece in request.content.iter_chunked(_PIECE):
            await asyncio.to_thread(arrival.write, piece)
        if request.content_length is not None and arrival.size != request.content_length:
            raise IntakeError("The file broke off on its way. Send it again.")
    except BaseException:
        arrival.close()
        raise
    return arrival


async def sent_file(request: web.Request, path: Path, name: str) -> web.StreamResponse:
    """Send the file at `path`, to be saved as `name`."""
    answer = web.StreamResponse(
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Length": str(path.stat().st_size),
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        }
    )
    await answer.prepare(request)
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            await answer.write(piece)
    await answer.write_eof()
    return answer
