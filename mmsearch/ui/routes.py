"""What the page asks for besides Gradio's endpoints: its scripts, pictures, and answers that come in parts."""

from asyncio import Lock
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route

from mmsearch.ui import page
from mmsearch.ui.pictures import Pictures
from mmsearch.ui.streaming import MAX_BODY, Answers

if TYPE_CHECKING:
    from mmsearch.engine import Engine

KEEP = {"Cache-Control": "private, max-age=31536000, immutable"}  # an address names its content by a hash
AT_ONCE = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the latter for proxies that hold parts back
KINDS = {".js": "text/javascript", ".css": "text/css"}


def routes(engine: "Engine", arrivals: Path) -> list[BaseRoute]:
    """Return the routes of the page's files, and of answers in parts, under `/mmsearch`.

    Args:
        engine: What answers.
        arrivals: The folder that files of visitors arrive in.
    """
    pictures, answers, explaining = Pictures(engine), Answers(engine, arrivals), Lock()
    files = {file.name: file for kind in page.FILES for file in page.FOLDER.glob(kind)}

    async def picture(request: Request) -> Response:
        asked = request.path_params
        path = pictures.ready(asked["content_hash"], asked["size"])
        if path is None:
            path = await run_in_threadpool(pictures.find, asked["item_id"], asked["content_hash"], asked["size"])
        # Read here and at once: a gallery asks for dozens of small files, and a thread for each takes longer.
        return Response(path.read_bytes(), headers=KEEP, media_type="image/jpeg") if path else _nothing()

    async def search(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return _too_long()
        return StreamingResponse(answers.lines(body), media_type="application/x-ndjson", headers=AT_ONCE)

    async def explain(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return _too_long()
        async with explaining:  # one at a time, so that searches find a free processor
            if await request.is_disconnected():
                return Response(status_code=204)  # the visitor looks at another hit by now
            told = await run_in_threadpool(answers.why, body)
        return Response(told, media_type="application/json", headers=AT_ONCE)

    def page_file(request: Request) -> Response:
        file = files.get(request.path_params["name"])
        return FileResponse(file, headers=KEEP, media_type=KINDS[file.suffix]) if file else _nothing()

    return [
        Mount(
            "/mmsearch",
            routes=[
                Route("/pictures/{size}/{item_id:int}/{content_hash}.jpg", picture),
                Route("/page/{version}/{name}", page_file),
                Route("/search", search, methods=["POST"]),
                Route("/explain", explain, methods=["POST"]),
            ],
        )
    ]


async def _body(request: Request) -> bytes | None:
    """Return the body of a question; None if it is too long for one."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            return None
    return body


def _too_long() -> Response:
    return PlainTextResponse("The question is too long.", 413)


def _nothing() -> Response:
    return PlainTextResponse("There is no such file.", 404, {"Cache-Control": "no-store"})
