"""The service as a process: slow clients, open streams, how it starts, and what keeps it from starting."""

import json
import signal
import socket
import sys
import time
from contextlib import ExitStack
from http.client import HTTPConnection
from threading import Event

import pytest
from running_service import running
from trained_model import MODEL

pytest.importorskip("starlette", reason="the extra 'serve' is not installed")
pytest.importorskip("httpx2", reason="httpx2, which asks the service, is not installed")

from skeleton_runtime import Recogniser
from skeleton_runtime.cli import main as command
from skeleton_runtime.serving import lingering
from skeleton_runtime.serving import server as serving
from skeleton_runtime.serving.app import create_app

HEALTH = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
WEBSOCKET = (
    "GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
"""The head of a request for a stream, without its last line."""

# --- the server itself ---


def exchange(port, sent):
    """Send bytes; what comes back until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(2**16), b""))


def test_the_server_hangs_up_on_who_is_slow_and_serves_the_next(recogniser, monkeypatch):
    monkeypatch.setattr(serving, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(lingering, "QUIET_SECONDS", 0.1)
    post = b"POST /predict?name=x.npz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    with running(recogniser, seconds=0.2, megabytes=1) as port:
        assert exchange(port, b"") == exchange(port, b"GET /health HTTP/1.1\r\nHost: ") == b""
        assert b" 400 " in exchange(port, b"\0\1\2\r\n\r\n")
        assert b" 413 " in exchange(port, post + b"Content-Length: 10000000000\r\n\r\n")
        assert b" 413 " in exchange(
            port, post + b"Transfer-Encoding: chunked\r\n\r\n100001\r\n" + b"x" * (2**20 + 1)
        )
        assert b" 408 " in exchange(port, post + b"Content-Length: 100\r\n\r\nabc")
        assert b" 200 " in exchange(port, HEALTH)


def until(answer, port, sent):
    """Ask again and again, for a while; the last reply."""
    begin, reply = time.monotonic(), b""
    while answer not in reply and time.monotonic() < begin + 20:
        with socket.create_connection(("127.0.0.1", port), 20) as connection:
            connection.sendall(sent)
            reply = connection.recv(2**16).partition(b"\r\n")[0]
    return reply


def who_does_not_read(port, sent, begin=b""):
    """Begin, and then send much that is answered; no answer is read."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", port))
    if begin:
        connection.sendall(begin)
        assert connection.recv(2**10)
    connection.sendall(sent)
    return connection


def test_the_server_hangs_up_on_who_does_not_read_its_answers(recogniser):
    get = b"GET /static/player.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with running(recogniser, seconds=0.2, connections=1) as port, who_does_not_read(port, 100 * get):
        assert b" 503 " in until(b" 503 ", port, get)
        assert b" 200 " in until(b" 200 ", port, get)


@pytest.mark.parametrize("kind", [0x81, 0x89], ids=["frames", "pings"])
def test_the_server_hangs_up_on_a_stream_that_is_not_read(recogniser, kind, capfd):
    live = f"{WEBSOCKET}\r\n".encode()
    with running(recogniser, seconds=0.2, streams=1) as port:
        message = bytes([kind, 0x80 | 100]) + bytes(4) + 100 * b"x"
        with who_does_not_read(port, 3000 * message, live):
            assert b" 503 " in until(b" 503 ", port, live)
            assert b" 101 " in until(b" 101 ", port, live)
    assert capfd.readouterr().err == ""


def test_who_is_still_sending_reads_why_no_more_is_read(recogniser):
    """Programs that send a whole body before they look would find the connection broken."""
    with running(recogniser, token="a-token-of-the-tests", megabytes=1) as port:
        for token, status in (("a-token-of-the-tests", 413), ("a-token-of-another", 401)):
            connection = HTTPConnection("127.0.0.1", port, timeout=20)
            headers = {"Authorization": f"Bearer {token}"}
            connection.request("POST", "/predict?name=x.csv", bytes(2**25), headers)
            assert connection.getresponse().status == status
            connection.close()


def test_one_connection_is_served_where_one_is_allowed(recogniser):
    with running(recogniser, connections=1) as port:
        assert b" 200 " in exchange(port, HEALTH)


def test_an_open_stream_does_not_keep_the_server_from_stopping(recogniser):
    connect = pytest.importorskip("websockets.sync.client").connect
    from websockets.exceptions import ConnectionClosed

    with ExitStack() as stack:
        with running(recogniser) as port:
            live = stack.enter_context(connect(f"ws://127.0.0.1:{port}/live?window=1&stride=1"))
            live.send("[]")
            assert json.loads(live.recv(20))["label"] is None
        with pytest.raises(ConnectionClosed) as closed:
            live.recv(20)
        assert closed.value.rcvd.code == 1012


def test_a_refused_stream_is_told_to_the_client_and_is_no_error_of_the_service(recogniser, capfd):
    head = WEBSOCKET.replace("/live", "/live?fps=soon")
    with running(recogniser) as port:
        elsewhere = exchange(port, f"{head}Origin: http://evil.example\r\n\r\n".encode())
        assert b" 403 " in elsewhere.partition(b"\r\n")[0]
        reply = exchange(port, f"{head}\r\n".encode())
    assert b" 400 " in reply.partition(b"\r\n")[0] and b'{"error":"fps' in reply
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "added",
    ["Content-Length: 5\r\n\r\nabcde", 200 * "a: b\r\n", f"a: {2**14 * 'b'}\r\n"],
    ids=["a body", "many headers", "a long header"],
)
def test_a_stream_that_is_no_request_is_refused_and_does_not_stay_open(recogniser, added, capfd):
    with running(recogniser) as port:
        assert exchange(port, f"{WEBSOCKET}{added}\r\n".encode()).startswith(b"HTTP/1.1 4")
        assert b" 200 " in exchange(port, HEALTH)
    assert "Traceback" not in capfd.readouterr().err


def test_text_that_is_not_utf_8_ends_a_stream_without_a_traceback(recogniser, capfd):
    live = f"{WEBSOCKET}\r\n".encode()
    with running(recogniser) as port, who_does_not_read(port, b"\x81\x81\0\0\0\0\xff", live) as connection:
        assert b"\x03\xef" in connection.recv(2**10)  # 1007
    assert "Traceback" not in capfd.readouterr().err


def test_a_request_that_takes_longer_than_the_stop_is_told(recogniser, clips, monkeypatch, capfd):
    monkeypatch.setattr(serving, "STOP_SECONDS", 0.1)
    begun, stopped = Event(), Event()

    class Slow:
        def scores(self, joints):
            begun.set()
            stopped.wait(20)
            return recogniser.network.scores(joints)

    body = json.dumps({"clips": [clips[0].tolist()]}).encode()
    head = "POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    with running(Recogniser(recogniser.preprocessing, Slow())) as port:
        connection = socket.create_connection(("127.0.0.1", port), 20)
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert begun.wait(20)
    stopped.set()
    with connection:
        reply = b"".join(iter(lambda: connection.recv(2**16), b""))
    assert b" 503 " in reply.partition(b"\r\n")[0] and b"retry-after" in reply
    assert "Traceback" not in capfd.readouterr().err


# --- the command ---


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "MODEL"),
        (("nowhere",), "nowhere: no such folder"),
        ((str(MODEL), "--host", "0.0.0.0"), "--token-file"),
        ((str(MODEL), "--token-file", "nowhere"), "nowhere: "),
        ((str(MODEL), "--token-file", "short"), "short: "),
        ((str(MODEL), "--port", "65536"), "--port"),
        ((str(MODEL), "--port", "-1"), "--port"),
        ((str(MODEL), "--allow-origin", "*"), "found '*'"),
        ((str(MODEL), "--allow-origin", "https://app.example/page"), "found 'https://app.example/page'"),
        ((str(MODEL), "--max-frames", "0"), "--max-frames"),
        ((str(MODEL), "--max-seconds", "nan"), "--max-seconds"),
        ((str(MODEL), "--host", "no.such.host.invalid", "--token-file", "token"), "no.such.host.invalid"),
    ],
)
def test_what_keeps_it_from_starting_is_one_line(tmp_path, monkeypatch, capsys, arguments, complaint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "short").write_text("1234")
    (tmp_path / "token").write_text("a-token-of-the-tests\n")
    with pytest.raises(SystemExit) as ended:
        command.main(["serve", *arguments])
    lines = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2 and len(lines) == 1 and complaint in lines[0]


def test_a_signal_ends_it_as_programs_end(monkeypatch, capsys):
    ended, startup, sent = [], serving.uvicorn.Server.startup, []

    async def signalled(self, sockets=None):
        await startup(self, sockets)
        signal.raise_signal(sent[-1])

    monkeypatch.setattr(serving.uvicorn.Server, "startup", signalled)
    before = signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    try:
        sent.append(signal.SIGTERM)  # after it has stopped, the signal ends it like any program
        command.main(["serve", str(MODEL), "--port", "0"])
        assert ended == [signal.SIGTERM]
        sent.append(signal.SIGINT)
        with pytest.raises(SystemExit) as interrupted:
            command.main(["serve", str(MODEL), "--port", "0"])
        assert interrupted.value.code == 130 and len(capsys.readouterr().err.splitlines()) == 1
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_taken_port_is_one_line(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SystemExit) as ended:
        command.main(["serve", str(MODEL), "--port", str(taken.getsockname()[1])])
    assert ended.value.code == 2 and "--port" in capsys.readouterr().err


def test_without_the_extra_it_is_named(capsys, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("skeleton_runtime.serving")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "starlette.applications", None)
    with pytest.raises(SystemExit) as ended:
        command.main(["serve", str(MODEL)])
    assert ended.value.code == 2 and "skeleton-runtime[serve]" in capsys.readouterr().err


def test_an_altered_model_is_not_served(copy, capsys):
    with (copy / "model.onnx").open("ab") as file:
        file.write(b" ")
    with pytest.raises(SystemExit) as ended:
        command.main(["serve", str(copy)])
    assert ended.value.code == 2 and "model.onnx" in capsys.readouterr().err


def test_an_encoder_is_not_served(recogniser):
    preprocessing = recogniser.preprocessing.model_copy(update={"classes": ()})
    with pytest.raises(ValueError, match="knows no classes"):
        create_app(Recogniser(preprocessing, recogniser.network))
