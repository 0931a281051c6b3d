"""The service: its addresses, and what they answer."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Collection

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from skeleton_data import DataError, OutputError, player_file
from skeleton_runtime._version import __version__
from skeleton_runtime.page.files import index, page_file
from skeleton_runtime.recogniser import Recogniser
from skeleton_runtime.serving.answering import answer_clips, answer_file
from skeleton_runtime.serving.body import TooSlowError, read_body
from skeleton_runtime.serving.guard import Guard
from skeleton_runtime.serving.limits import Limits, TooLargeError
from skeleton_runtime.serving.lingering import Lingering
from skeleton_runtime.serving.metrics import CountRequests, Metrics
from skeleton_runtime.serving.query import ClipQuery, QueryError
from skeleton_runtime.serving.stream_socket import StreamSocket
from skeleton_runtime.windows import WindowError

STATUS: dict[type[Exception], int] = {
    TooLargeError: 413,
    TooSlowError: 408,
    QueryError: 400,
    WindowError: 400,
}
"""HTTP status of each kind of error; data that is wrong in any other way is 422."""
PAGE = {"page.css": "text/css", "page.js": "text/javascript", "server.js": "text/javascript"}
PLAYER = {"player.css": "text/css", "player.js": "text/javascript"}
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
"""Headers of all answers: the page loads what is here and nothing else."""


def create_app(
    recogniser: Recogniser,
    limits: Limits | None = None,
    token: str | None = None,
    origins: Collection[str] = (),
) -> Starlette:
    """Return the service as an ASGI application.

    Args:
        recogniser: The model, a classifier.
        limits: What a request may cost.
        token: What requests must bring; without, the service answers for names of this machine alone.
        origins: Of pages from elsewhere that may ask, such as "https://app.example.org".

    Raises:
        DataError: If the model knows no classes.
    """
    if not recogniser.preprocessing.classes:
        raise DataError("the model is an encoder, which knows no classes; fine-tune it first")
    return _Service(recogniser, limits or Limits()).app(token, origins)


class _Service:
    def __init__(self, recogniser: Recogniser, limits: Limits) -> None:
        self.recogniser, self.limits, self.metrics = recogniser, limits, Metrics()
        self.workers, self.open = anyio.CapacityLimiter(limits.requests), 0
        self.stream = StreamSocket(recogniser, limits, self.workers, self.metrics)

    def app(self, token: str | None, origins: Collection[str]) -> Starlette:
        # Before the guard: a browser asks without the token whether its page may ask with it.
        allowed = Middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type"],
        )
        service = Starlette(
            routes=[
                Route("/", self.page),
                Route("/static/{name}", self.file),
                Route("/health", self.health),
                Route("/model", self.model),
                Route("/metrics", self.metrics_text),
                Route("/predict", self.predict, methods=["POST"]),
                Route("/live", self.live),
                WebSocketRoute("/live", self.stream.serve),
                WebSocketRoute("/{path:path}", self.stream.serve_nothing),
            ],
            middleware=[
                Middleware(CountRequests, metrics=self.metrics),
                Middleware(Lingering),
                *([allowed] if origins else []),
                Middleware(Guard, token=token, origins=origins),
            ],
            exception_handlers=dict.fromkeys((HTTPException, DataError, OutputError), self.refused),
        )
        service.router.redirect_slashes = False
        return service

    async def predict(self, request: Request) -> Response:
        query = ClipQuery.read(request.query_params)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        encoding = request.headers.get("content-encoding", "identity").lower()
        if encoding != "identity":
            raise HTTPException(
                415, f"content-encoding: {encoding[:40]!r} is not read; send the body as it is"
            )
        if kind.startswith("multipart/"):
            raise HTTPException(
                415, "send the file itself as the body, as curl --data-binary @wave.csv does, and no form"
            )
        if query.name is None and kind != "application/json":
            raise HTTPException(
                415,
                "give the name of the file, as in /predict?name=wave.csv, or send JSON as application/json",
            )
        if self.open >= self.limits.requests + self.limits.waiting:
            raise HTTPException(503, f"{self.open} requests are open; try again", {"retry-after": "5"})
        self.open += 1
        try:
            return await self.answered(request, query)
        except asyncio.CancelledError:  # the server stops, and has waited for as long as it may
            raise HTTPException(503, "the service is stopping; try again", {"retry-after": "5"}) from None
        finally:
            self.open -= 1

    async def answered(self, request: Request, query: ClipQuery) -> Response:
        data = await read_body(request, self.limits)
        answer, begin = answer_clips if query.name is None else answer_file, time.monotonic()
        stopped = threading.Event()
        try:
            content = await anyio.to_thread.run_sync(
                answer, self.recogniser, self.limits, data, query, stopped, limiter=self.workers
            )
        finally:
            stopped.set()  # where this was cancelled: the process waits for its threads
        self.metrics.seconds.observe(time.monotonic() - begin)
        self.metrics.answers.inc(len(content["answers"]))
        return self.finished(JSONResponse(content))

    async def live(self, request: Request) -> Response:
        raise HTTPException(
            426,
            "/live is a WebSocket; a proxy must pass the headers Upgrade and Connection on",
            {"upgrade": "websocket"},
        )

    async def health(self, request: Request) -> Response:
        return self.finished(JSONResponse({"status": "ok", "version": __version__}))

    async def model(self, request: Request) -> Response:
        preprocessing = self.recogniser.preprocessing
        card = {
            "classes": preprocessing.classes,
            "layout": preprocessing.layout.name,
            "joints": preprocessing.layout.joints,
            "bodies": preprocessing.bodies,
            "units": preprocessing.units,
            "fps": preprocessing.fps,
            "sampling": preprocessing.sampling.model_dump(mode="json"),
            "calibration": self.recogniser.calibration.model_dump(mode="json"),
            "limits": self.limits.model_dump(),
        }
        return self.finished(JSONResponse(card))

    async def metrics_text(self, request: Request) -> Response:
        return self.finished(Response(self.metrics.text(), media_type="text/plain; version=0.0.4"))

    async def page(self, request: Request) -> Response:
        return self.finished(Response(index("server.js"), media_type="text/html"))

    async def file(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in PAGE | PLAYER:
            raise HTTPException(404, "no such file")
        text = page_file(name) if name in PAGE else player_file(name)
        return self.finished(Response(text, media_type=(PAGE | PLAYER)[name]))

    async def refused(self, request: Request, error: Exception) -> Response:
        """Answer for what went wrong; after it, nothing more of the body is read."""
        if isinstance(error, HTTPException):
            status, text, headers = error.status_code, error.detail, dict(error.headers or {})
        elif isinstance(error, OutputError):
            status, text, headers = 503, f"{error}, by the service", {"retry-after": "60"}
        else:
            status, text, headers = STATUS.get(type(error), 422), str(error), {}
        return self.finished(JSONResponse({"error": text}, status, headers | {"connection": "close"}))

    def finished(self, response: Response) -> Response:
        """Say what the page of a response may do."""
        response.headers.update(HEADERS)
        return response
