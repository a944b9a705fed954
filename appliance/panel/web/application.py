"""All that the server answers, as one application."""

from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from appliance.decoders.catalogue import Catalogue
from appliance.errors import ApplianceError, EngineUnreachableError
from appliance.imports.queue import ImportQueue
from appliance.panel.intake import Intake
from appliance.panel.part import Desk
from appliance.panel.web.assets import Assets
from appliance.panel.web.bank import BankPages
from appliance.panel.web.chronicle import Chronicle
from appliance.panel.web.files import FilePages
from appliance.panel.web.guard import Guard, protect
from appliance.panel.web.imports import ImportPages
from appliance.panel.web.listening import Listening
from appliance.panel.web.live import Live
from appliance.panel.web.table import table_rows

STATIC = Path(__file__).parent / "static"
_MOST = 64 << 10  # bytes of a request that is no file


def application(desk: Desk, guard: Guard, folder: Path) -> web.Application:
    """Return the page for `desk`; files that players bring go below `folder`."""
    app = web.Application(middlewares=[guard.check, _sentences], client_max_size=_MOST)
    app.on_response_prepare.append(protect)
    chronicle = Chronicle()
    intake = Intake(folder)
    catalogue = Catalogue(Path(each).expanduser() for each in desk.config.models)
    live = Live(desk, chronicle)

    async def login(request: web.Request) -> web.Response:
        said = await request.json()
        return guard.login(request, str(said.get("token", "")) if isinstance(said, dict) else "")

    async def entry(request: web.Request) -> web.Response:
        return web.json_response({"admitted": guard.admits(request)})

    async def parameters(_: web.Request) -> web.Response:
        return web.json_response(table_rows(desk.box.values.table))

    async def lifetime(_: web.Application) -> AsyncIterator[None]:
        async with live.running():
            yield

    app.cleanup_ctx.append(lifetime)
    assets = Assets(STATIC)
    app.router.add_get("/", assets.handle)
    app.router.add_get("/static/{name}", assets.handle)
    app.router.add_get("/login", entry)
    app.router.add_post("/login", login)
    app.router.add_get("/favicon.ico", _nothing)
    app.router.add_get("/live", live.handle)
    app.router.add_get("/listen", Listening(desk.box).handle)
    app.router.add_get("/api/parameters", parameters)
    app.add_routes(BankPages(desk.box, intake, chronicle).routes())
    app.add_routes(ImportPages(intake, ImportQueue(), chronicle).routes())
    app.add_routes(FilePages(intake, catalogue, chronicle).routes())
    return app


async def _nothing(_: web.Request) -> web.Response:
    return web.Response(status=204)


@web.middleware
async def _sentences(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what a person can act on as a sentence in JSON."""
    try:
        return await handler(request)
    except ApplianceError as error:
        status = 503 if isinstance(error, EngineUnreachableError) else 400
        return web.json_response({"error": str(error)}, status=status)
    except ValueError:
        return web.json_response({"error": "The request is not to be understood."}, status=400)
