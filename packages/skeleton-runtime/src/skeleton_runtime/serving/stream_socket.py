"""Live frames over a WebSocket: a message is a frame, an answer comes when a window is full."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import anyio
import anyio.to_thread
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from skeleton_data import DataError
from skeleton_runtime.frame_lines import MOST_CHARACTERS, frame_of
from skeleton_runtime.live import LiveStream
from skeleton_runtime.recogniser import Recogniser
from skeleton_runtime.serving.guard import PROTOCOL
from skeleton_runtime.serving.limits import Limits, TooLargeError
from skeleton_runtime.serving.metrics import Metrics
from skeleton_runtime.serving.query import StreamQuery

Given = TypeVarTuple("Given")
Result = TypeVar("Result")
END = "end"
"""The message behind the last frame."""
MOST_FRAMES = 10_000
"""Most frames of a window, also at the model's rate."""
TOO_LARGE, LEAVING = 1009, 1001
"""Codes of the end of a WebSocket."""


class StreamSocket:
    """Answers WebSockets, some at once.

    Args:
        recogniser: The model.
        limits: What a stream may cost.
        workers: Threads that answer.
        metrics: Counts frames, answers and streams.
    """

    def __init__(
        self, recogniser: Recogniser, limits: Limits, workers: anyio.CapacityLimiter, metrics: Metrics
    ) -> None:
        self.recogniser, self.limits, self.workers, self.metrics = recogniser, limits, workers, metrics
        self.open = 0

    async def serve(self, socket: WebSocket) -> None:
        """Answer one WebSocket until it ends."""
        if self.open >= self.limits.streams:
            await self.refuse(socket, 503, f"{self.open} streams are open; no more are allowed")
            return
        self.open += 1
        self.metrics.streams.inc()
        try:
            try:
                query = StreamQuery.read(socket.query_params)
                stream = await self._in_thread(self._stream, query)
            except DataError as error:
                await self.refuse(socket, 400, str(error))
                return
            offered = socket.scope.get("subprotocols", [])
            await socket.accept(PROTOCOL if PROTOCOL in offered else None)
            await self._exchange(socket, stream, query.top)
        except WebSocketDisconnect:
            pass
        finally:
            self.open -= 1
            self.metrics.streams.dec()

    async def refuse(self, socket: WebSocket, status: int, error: str) -> None:
        """Answer a WebSocket, before it is open, with an HTTP status."""
        headers = {"retry-after": "10"} if status == 503 else {}
        await socket.send_denial_response(JSONResponse({"error": error}, status, headers))

    async def serve_nothing(self, socket: WebSocket) -> None:
        """Refuse a WebSocket at any other address."""
        await self.refuse(socket, 404, "no such address; live frames go to /live")

    def _stream(self, query: StreamQuery) -> LiveStream:
        stream = self.recogniser.stream(**query.model_dump(exclude={"top"}))
        options, fps = stream.options, self.recogniser.preprocessing.fps
        if options.length * max(1.0, (fps or options.fps) / options.fps) > MOST_FRAMES:
            raise TooLargeError(
                f"window {query.window!r} has more than {MOST_FRAMES:,} frames; give a shorter one"
            )
        return stream

    async def _exchange(self, socket: WebSocket, stream: LiveStream, top: int) -> None:
        while True:
            try:
                with anyio.fail_after(self.limits.seconds):
                    message = await socket.receive()
            except TimeoutError:
                await socket.close(LEAVING, f"no frame came for {self.limits.seconds:g} s")
                return
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                await socket.send_json({"error": "expected text: a frame as a JSON array of numbers"})
            elif len(text) > MOST_CHARACTERS:
                await socket.close(TOO_LARGE, f"a message has more than {MOST_CHARACTERS} characters")
                return
            else:
                answer = await self._in_thread(self._push, stream, text, top)
                if answer is not None:
                    await socket.send_json(answer)
                if text == END:
                    await socket.close()
                    return

    def _push(self, stream: LiveStream, text: str, top: int) -> dict[str, object] | None:
        try:
            answer = stream.finish() if text == END else stream.push(self._frame(text))
        except DataError as error:
            return {"error": str(error)}
        self.metrics.frames.inc(text != END)
        self.metrics.answers.inc(answer is not None)
        return None if answer is None else answer.as_dict(top)

    def _frame(self, text: str) -> list[object]:
        frame = frame_of(text)
        of_bodies = bool(frame) and isinstance(frame[0], list) and any(isinstance(e, list) for e in frame[0])
        if of_bodies and len(frame) > self.limits.bodies:
            raise DataError(f"a frame has {len(frame)} people, but at most {self.limits.bodies} are allowed")
        return frame

    async def _in_thread(self, work: Callable[[*Given], Result], *given: *Given) -> Result:
        return await anyio.to_thread.run_sync(work, *given, limiter=self.workers)
