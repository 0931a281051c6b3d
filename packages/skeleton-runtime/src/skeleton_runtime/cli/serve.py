"""The command `skeleton-predict serve`: a model over HTTP, and a page to drop recordings on."""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from skeleton_data import DataError, first_mistake
from skeleton_runtime.cli.arguments import parser_of, threads, with_words_read

if TYPE_CHECKING:
    from skeleton_runtime.serving.limits import Limits

DESCRIPTION = """\
Answer over HTTP, and live over a WebSocket; http://127.0.0.1:8000/ is a page to drop recordings on.

    skeleton-predict serve MODEL
    curl --data-binary @wave.csv 'http://127.0.0.1:8000/predict?name=wave.csv&units=m&window=2s'
    curl --json '{"clips": [[[[0.1, 1.2, 2.0], ...], ...]]}' http://127.0.0.1:8000/predict

POST /predict takes a file of any format that `skeleton-data import` reads, or clips (T, V, 3) or (T, M, V, 3)
in JSON; the query has the options of skeleton-predict, with _ for -. GET /model says what the model is,
/health that the service runs, /metrics what it has done, for Prometheus. At /live a WebSocket takes a frame a
message, as --live does, and `end`.

Without a token the service answers programs of this machine. With --host it needs a file with a token of at
least 16 characters, which requests send as `Authorization: Bearer TOKEN`, the page as /#TOKEN. The connection
is not encrypted: put a proxy with TLS before it.

Ctrl-C and SIGTERM stop it, after the requests that are open.

Exit codes: 2 it cannot be started, 130 interrupted."""
PORTS = 65_535
MAX_TOKEN = 4096
"""Bytes of the largest file of a token."""


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line.

    Raises:
        SystemExit: With code 2, after a line that names the option, if it cannot be used.
    """
    parser = parser_of("skeleton-predict serve", DESCRIPTION)
    add = parser.add_argument
    add("model", metavar="MODEL", help="Folder of the model, its .onnx file, or hf://OWNER/NAME.")
    add(
        "--host",
        default="127.0.0.1",
        help="Address to listen on; any but this machine's own needs a token (default: 127.0.0.1).",
    )
    add(
        "--port",
        type=_port,
        default=8000,
        help="Port to listen on, 0 to 65535; 0: any free one (default: 8000).",
    )
    add(
        "--token-file",
        type=Path,
        help=(
            "File with the token that requests must send: 16 to 512 letters, digits, or -._~ "
            "(default: no token)."
        ),
    )
    add(
        "--allow-origin",
        type=_origin,
        action="append",
        default=[],
        metavar="ORIGIN",
        help=(
            "Origin of web pages from elsewhere that may send requests, as https://app.example.org; may be "
            "repeated (default: none)."
        ),
    )
    add("--threads", type=threads, default=1, help="Number of threads of the network, 1 to 512 (default: 1).")
    add(
        "--max-megabytes",
        type=float,
        help="Largest body of a request, in MB of 2^20 bytes, above 0, at most 4096 (default: 32).",
    )
    add(
        "--max-frames",
        type=int,
        help="Largest number of frames in a request, 1 to 10000000 (default: 200000).",
    )
    add("--max-bodies", type=int, help="Largest number of people in a frame, 1 to 64 (default: 16).")
    add(
        "--max-seconds",
        type=float,
        help=(
            "Longest time for a request, between two frames of a stream, and until a client reads on, in "
            "seconds, above 0, at most 3600 (default: 30)."
        ),
    )
    add(
        "--max-requests",
        type=int,
        help="Number of requests that are answered at once, 1 to 256; others wait (default: 2).",
    )
    add(
        "--max-waiting",
        type=int,
        help="Number of requests that may wait, 0 to 4096, with their bodies in memory (default: 8).",
    )
    add("--max-connections", type=int, help="Number of open connections, 1 to 65536 (default: 64).")
    add("--max-streams", type=int, help="Number of open streams, 0 to 4096 (default: 8).")
    return parser.parse_args(with_words_read(parser, arguments))


def run(given: argparse.Namespace) -> None:
    """Serve until the process is told to stop.

    Raises:
        DataError: If the model, an option or the address cannot be used; names it.
    """
    try:
        from skeleton_runtime.serving.app import create_app
        from skeleton_runtime.serving.guard import is_this_machine
        from skeleton_runtime.serving.server import server
    except ImportError as error:
        raise DataError(f"serve: install skeleton-runtime[serve] ({error})") from None
    from skeleton_runtime.recogniser import Recogniser

    limits, token = _limits(given), _token(given.token_file)
    if token is None and not is_this_machine(given.host):
        raise DataError(f"--host {given.host} lets other machines connect; give --token-file, too")
    app = create_app(Recogniser.load(given.model, threads=given.threads), limits, token, given.allow_origin)
    with _listening(given.host, given.port) as listener:
        port = listener.getsockname()[1]
        host = f"[{given.host}]" if ":" in given.host else given.host
        print(f"{given.model}: http://{host}:{port}/", flush=True)
        running = server(app, limits)
        running.run(sockets=[listener])
        if not running.started:
            sys.exit(2)


def _limits(given: argparse.Namespace) -> Limits:
    from pydantic import ValidationError

    from skeleton_runtime.serving.limits import Limits

    said = {name: getattr(given, f"max_{name}") for name in Limits.model_fields}
    try:
        return Limits(**{name: value for name, value in said.items() if value is not None})
    except ValidationError as error:
        raise DataError(f"--max-{first_mistake(error, model=Limits)}") from None


def _token(path: Path | None) -> str | None:
    from skeleton_runtime.serving.guard import TOKEN

    if path is None:
        return None
    try:
        with path.open("rb") as file:
            token = file.read(MAX_TOKEN).decode("ascii", "replace").strip()
    except OSError as error:
        raise DataError.at(path, error.strerror or str(error)) from None
    if not TOKEN.fullmatch(token):
        raise DataError.at(path, "the token must have 16 to 512 letters, digits, or -._~")
    return token


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, reuse_port=False)
    except OSError as error:
        raise DataError(
            f"the service cannot listen on --host {host} --port {port}: {error.strerror or error}"
        ) from None


def _origin(text: str) -> str:
    """Read the origin of a page, as browsers write it."""
    from skeleton_runtime.serving.guard import ORIGIN

    if not ORIGIN.fullmatch(text.lower()):
        raise argparse.ArgumentTypeError(
            f"expected an origin such as https://app.example.org, found {text!r}"
        )
    return text.lower()


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > PORTS:
        raise argparse.ArgumentTypeError(f"expected a port, 0 to {PORTS}, found {text!r}")
    return int(text)
