"""The body of a request, as far as the limits allow."""

from __future__ import annotations

import anyio
from starlette.requests import ClientDisconnect, Request

from skeleton_data import DataError
from skeleton_runtime.serving.limits import Limits, TooLargeError


class TooSlowError(DataError):
    """A body that did not come in time."""


async def read_body(request: Request, limits: Limits) -> bytes:
    """Read the body of a request; one that says that it is too large is refused before it is read.

    Raises:
        TooLargeError: If it is, or turns out to be, too large.
        TooSlowError: If it does not come in time.
    """
    most, said = limits.bytes, request.headers.get("content-length", "")
    if said.isdecimal() and int(said[:20]) > most:
        raise TooLargeError(f"the request body has {said[:20]} bytes; at most {most:,} are read")
    body = bytearray()
    try:
        with anyio.fail_after(limits.seconds):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise TooLargeError(f"the body has more than {most:,} bytes, and no more are read")
    except TimeoutError:
        raise TooSlowError(f"the body did not come in {limits.seconds:g} s") from None
    except ClientDisconnect:
        raise TooSlowError("the connection ended before the body") from None
    return bytes(body)
