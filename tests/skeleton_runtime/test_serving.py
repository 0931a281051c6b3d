"""The service over HTTP and WebSocket, in process: it answers as the model does, and refuses what it must."""

import asyncio
import json
import re
import threading

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra 'serve' is not installed")
pytest.importorskip("httpx2", reason="httpx2, which asks the service, is not installed")
from starlette.testclient import TestClient, WebSocketDenialResponse

from skeleton_data import DataError, FileOptions
from skeleton_runtime import Recogniser
from skeleton_runtime.cli.serve import parse
from skeleton_runtime.serving.answering import answer_clips
from skeleton_runtime.serving.app import create_app
from skeleton_runtime.serving.limits import Limits
from skeleton_runtime.serving.query import ClipQuery

HERE, LIVE, TOKEN = "http://127.0.0.1:8000", "ws://127.0.0.1:8000/live", "a-token-of-the-tests"


def ask(recogniser, token=None, **limits):
    return TestClient(create_app(recogniser, Limits(**limits), token), HERE)


@pytest.fixture(scope="module")
def client(recogniser):
    return ask(recogniser)


def file_of(raw, number=0):
    return sorted(raw.glob("*.skeleton"))[number]


def assert_same_answers(received, expected):
    assert [answer["label"] for answer in received] == [answer.label for answer in expected]
    for one, other in zip(received, expected, strict=True):
        assert one["classes"] == pytest.approx(other.best(5), abs=1e-6)
        assert (one["first_frame"], one["last_frame"]) == (other.first_frame, other.last_frame)


def test_files_and_clips_are_answered_as_by_the_model(client, recogniser, raw, clips):
    file = file_of(raw, 4)
    received = client.post(f"/predict?name={file.name}", content=file.read_bytes()).json()["answers"]
    assert_same_answers(received, recogniser.predict(file))
    assert received[0]["file"] == file.name
    asked = {"clips": [clip.tolist() for clip in clips]}
    assert_same_answers(client.post("/predict", json=asked).json()["answers"], recogniser.predict(clips))
    asked = {"clips": [(1000 * clips[0]).tolist()]}
    windows = client.post("/predict?window=1s&stride=15&units=mm&top=1", json=asked).json()["answers"]
    expected = recogniser.predict(clips[0], window="30", stride="15")
    assert [next(iter(each["classes"].items())) for each in windows] == [
        (answer.label, pytest.approx(answer.best(1)[answer.label], abs=1e-5)) for answer in expected
    ]


def test_files_are_read_as_those_of_the_training(recogniser, clips):
    """With z up: files are turned, with a note; clips and streams are to say what points up."""
    turned = {"imported": (FileOptions(format="table", up="z"),)}
    preprocessing = recogniser.preprocessing.model_copy(update=turned)
    client = ask(Recogniser(preprocessing, recogniser.network, recogniser.calibration))
    x, y, z = np.moveaxis(clips[0][:, 0], -1, 0)
    rows = np.stack([x, -z, y], axis=-1)
    lines = [",".join(f"{joint}_{axis}" for joint in preprocessing.layout.joints for axis in "xyz")]
    lines += [",".join(map(str, row)) for row in rows.reshape(len(rows), -1).tolist()]
    told = client.post("/predict?name=a.csv&units=m&fps=30", content="\n".join(lines)).json()
    assert told["answers"][0]["classes"] == pytest.approx(recogniser.predict(clips[0])[0].best(5), abs=1e-3)
    assert len(told["notes"]) == 1 and "up=z" in told["notes"][0]
    assert client.post("/predict?fps=30", json={"clips": [rows.tolist()]}).status_code == 422
    assert client.post("/predict?fps=30&up=z", json={"clips": [rows.tolist()]}).status_code == 200
    with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect(LIVE):
        pass
    assert "up=z" in denied.value.json()["error"]


def test_a_missing_joint_is_filled(client, recogniser, clips):
    gap = clips[0].copy()
    gap[10:13, :, 7] = np.nan
    text = json.dumps({"clips": [gap.tolist()]})
    for sent in (text, text.replace("NaN", "null")):
        received = client.post("/predict", content=sent, headers={"content-type": "application/json"})
        assert_same_answers(received.json()["answers"], recogniser.predict(gap))


def test_a_stream_is_answered_as_by_the_model(client, recogniser, clips):
    clip, stream = clips[3], recogniser.stream(fps=30, window="1s", stride="10")
    expected = [answer for frame in clip if (answer := stream.push(frame))]
    with client.websocket_connect(f"{LIVE}?fps=30&window=1s&stride=10") as live:
        received = []
        for number, frame in enumerate(clip):
            live.send_text(json.dumps(frame.tolist()))
            if number >= 29 and (number - 29) % 10 == 0:
                received.append(live.receive_json())
        for bad in ("{", "[" * 100_000, "[[1, 2]]", json.dumps(np.ones((17, 25, 3)).tolist())):
            live.send_text(bad)
            assert "error" in live.receive_json()
        live.send_bytes(b"1")
        assert "error" in live.receive_json()
        live.send_text("end")
        assert live.receive()["type"] == "websocket.close"
    assert_same_answers(received, expected)
    with client.websocket_connect(LIVE) as live:  # shorter than a window
        for frame in clip[:12]:
            live.send_text(json.dumps(frame.tolist()))
        live.send_text("end")
        assert_same_answers([live.receive_json()], recogniser.predict(clip[:12]))


def test_threshold_and_smooth_are_those_of_the_model(client, recogniser, raw, clips):
    file, windows = file_of(raw), {"window": "20", "stride": "10", "smooth": 2}
    shares = [max(answer.best(1).values()) for answer in recogniser.predict(file, **windows)]
    decided = windows | {"threshold": (min(shares) + max(shares)) / 2}
    query = "&".join(f"{name}={value}" for name, value in decided.items())
    expected = recogniser.predict(file, **decided)
    assert {"unknown"} < {answer.label for answer in expected}
    uploaded = client.post(f"/predict?name={file.name}&{query}", content=file.read_bytes())
    assert_same_answers(uploaded.json()["answers"], expected)
    asked = {"clips": [clips[0].tolist()]}
    received = client.post(f"/predict?{query}", json=asked).json()["answers"]
    assert_same_answers(received, recogniser.predict(clips[0], **decided))
    with client.websocket_connect(f"{LIVE}?{query}") as live:
        for frame in clips[0]:
            live.send_text(json.dumps(frame.tolist()))
        received = [live.receive_json() for _ in range((len(clips[0]) - 20) // 10 + 1)]
    assert_same_answers(received, recogniser.predict(clips[0][: len(clips[0]) // 10 * 10], **decided))


@pytest.mark.parametrize(
    "query",
    [f"threshold={value}" for value in ("2", "-0.1", "nan", "x", "")]
    + [f"smooth={value}" for value in ("0", "-1", "1.5", "10001", "x", "")]
    + ["window=1s&smooth=2&smooth=2"]
    + ["window=0", "window=0s", "window=nans", "window=-2s", "window=10&stride=20", "stride=10"],
)
def test_bad_options_name_their_field(client, query):
    sent = {"clips": [STANDING.repeat(30, axis=0).tolist()]}
    refused = client.post(f"/predict?{query}", json=sent)
    field = query.rpartition("&")[2].partition("=")[0]
    assert refused.status_code == 400 and field in refused.json()["error"], refused.text
    if "window" in query or "stride" not in query:
        with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect(f"{LIVE}?{query}"):
            pass
        assert denied.value.status_code == 400 and field in denied.value.json()["error"]


def test_nobody_is_an_answer(client):
    (told,) = client.post("/predict", json={"clips": JOINT}).json()["answers"]
    assert (told["answer"], told["label"], told["bodies"], told["classes"]) == ("nobody", None, 0, {})


def test_what_it_is_and_does(client, recogniser, clips):
    assert client.get("/health").json()["status"] == "ok"
    assert client.get("/model").json()["classes"] == list(recogniser.preprocessing.classes)
    count = re.compile(r"skeleton_answers_total (\d+)")
    before = int(count.search(client.get("/metrics").text)[1])
    client.post("/predict", json={"clips": [clips[0].tolist()] * 3})
    assert int(count.search(client.get("/metrics").text)[1]) == before + 3


def test_the_page_loads_what_is_here(client):
    page = client.get("/")
    found = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert len(found) == 6 and not re.search(r"//", page.text)
    for name in found:
        if not name.startswith("data:"):
            assert client.get(f"/{name}").status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]


STANDING = np.random.default_rng(0).uniform(0.1, 1.8, (1, 1, 25, 3))
JOINT = [[[[0.0] * 3] * 25]]
BAD = {
    "no clip": ("/predict", {"clips": []}, 400),
    "no clips": ("/predict", [1, 2], 400),
    "words": ("/predict", {"clips": ["wave"]}, 422),
    "another skeleton": ("/predict", {"clips": np.ones((2, 1, 20, 3)).tolist()}, 422),
    "a number too large": ("/predict", {"clips": [[[10**400] * 3] * 25]}, 422),
    "an infinite number": ("/predict", '{"clips": [[[[1e999, 0, 0]]]]}', 422),
    "never measured": (
        "/predict?missing=refuse",
        json.dumps({"clips": [[[[np.nan] * 3, *([0, k / 20, 2] for k in range(24))]] * 9]}),
        422,
    ),
    "too many people": ("/predict", {"clips": [STANDING.repeat(17, axis=1).tolist()]}, 413),
    "no JSON": ("/predict", "{", 400),
    "deep JSON": ("/predict", "[" * 100_000, 400),
    "a field spelt wrongly": ("/predict?windw=2s", {"clips": JOINT}, 400),
    "another option": ("/predict?labels=/etc/passwd", {"clips": JOINT}, 400),
    "a layout that is a file": ("/predict?source_layout=/etc/passwd", {"clips": JOINT}, 400),
    "gaps that are not filled": ("/predict?missing=refuse&max_gap=1s", {"clips": JOINT}, 400),
    "a path": ("/predict?name=../x.npz", "x", 400),
    "a path with zero": ("/predict?name=x.npz%00", "x", 400),
    "no such format": ("/predict?name=x.exe", "x", 422),
    "a damaged file": ("/predict?name=x.npz", "PK\3\4", 422),
    "an empty file": ("/predict?name=x.skeleton", "", 422),
    "no window": ("/predict?window=soon", {"clips": JOINT}, 400),
    "a rate that makes many": ("/predict?fps=1e-7", {"clips": [STANDING.repeat(9, axis=0).tolist()]}, 413),
    "a file of the server": ("/static/../guard.py", None, 404),
    "another file": ("/static/app.py", None, 404),
    "nothing there": ("/predict/x", None, 404),
    "a slash behind it": ("/predict/", {"clips": JOINT}, 404),
    "no WebSocket": ("/live", None, 426),
}


@pytest.mark.parametrize(("path", "sent", "status"), BAD.values(), ids=BAD)
def test_bad_requests_are_told_and_the_next_is_served(client, clips, path, sent, status):
    content = sent if isinstance(sent, str) else json.dumps(sent)
    kind = {"content-type": "application/json"}
    method = "GET" if sent is None else "POST"
    answer = client.request(method, path, content=content, headers=kind)
    assert (answer.status_code, list(answer.json())) == (status, ["error"]), answer.text
    assert "/tmp" not in answer.text and "skeleton-predict-" not in answer.text
    assert client.post("/predict", json={"clips": [clips[0].tolist()]}).status_code == 200


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({"content": b"x", "headers": {"content-encoding": "gzip"}}, "gzip"),
        ({"json": {"clips": JOINT}, "headers": {"content-encoding": "br"}}, "br"),
        ({"files": {"file": ("wave.npz", b"x")}}, "form"),
    ],
)
def test_what_is_not_sent_as_it_is_is_told(client, sent, named):
    answer = client.post("/predict" if "json" in sent else "/predict?name=wave.npz", **sent)
    assert answer.status_code == 415 and named in answer.json()["error"]


def test_json_of_other_encodings(client, clips):
    text, kind = json.dumps({"clips": [clips[0].tolist()]}), {"content-type": "application/json"}
    plain = client.post("/predict", content=text, headers=kind).json()
    assert client.post("/predict", content=text.encode("utf-8-sig"), headers=kind).json() == plain
    answer = client.post("/predict", content=text.encode("utf-16"), headers=kind)
    assert answer.status_code == 400 and "UTF-8" in answer.json()["error"]
    assert "codec" not in answer.json()["error"]


def test_a_number_of_many_digits_is_told_in_few(client):
    sent = {"clips": [STANDING.repeat(9, axis=0).tolist()]}
    answer = client.post("/predict?fps=1e-300", json=sent)
    assert answer.status_code == 413 and len(answer.text) < 200


def test_who_is_refused_is_counted(recogniser):
    guarded = ask(recogniser, TOKEN)
    for path, headers in (("/model", {}), ("/health", {"origin": "http://evil.example"})):
        assert guarded.get(path, headers=headers).status_code in (401, 403)
    with pytest.raises(WebSocketDenialResponse), guarded.websocket_connect(LIVE):
        pass
    counted = guarded.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).text
    for path, status in (("/model", 401), ("/health", 403), ("/live", 401)):
        assert f'skeleton_requests_total{{path="{path}",status="{status}"}} 1.0' in counted


def test_a_file_that_cannot_be_stored_is_told(client, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    answer = client.post("/predict?name=wave.npz", content=b"x")
    assert answer.status_code == 503 and "retry-after" in answer.headers
    assert re.search(r"^wave\.npz.*No space left", answer.json()["error"])


def test_a_websocket_elsewhere_is_refused_and_counted(client):
    for path in ("/other?fps=30", "/live?fps=soon"):
        with (
            pytest.raises(WebSocketDenialResponse) as denied,
            client.websocket_connect(LIVE.removesuffix("/live") + path),
        ):
            pass
        assert list(denied.value.json()) == ["error"]
    counted = client.get("/metrics").text
    for path, status in (("other", 404), ("/live", 400)):
        assert f'skeleton_requests_total{{path="{path}",status="{status}"}}' in counted


def test_answers_that_nobody_waits_for_are_given_up(recogniser, clips):
    stopped, sent = threading.Event(), json.dumps({"clips": [clips[0].tolist()]}).encode()
    assert answer_clips(recogniser, Limits(), sent, ClipQuery(), stopped)["answers"]
    stopped.set()
    with pytest.raises(DataError):
        answer_clips(recogniser, Limits(), sent, ClipQuery(), stopped)


def test_json_of_many_lists_is_refused(client, monkeypatch):
    monkeypatch.setattr("skeleton_data.files.limits.SMALL", 1024)
    content = f'{{"clips": [{",".join(["[]"] * 2000)}]}}'
    answer = client.post("/predict", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 400 and "memory" in answer.json()["error"]


def test_without_a_kind_or_by_another_method(client):
    assert client.post("/predict", content=b"x").status_code == 415
    assert client.get("/predict").status_code == 405


def test_limits(recogniser, clips):
    sent = {"clips": [clips[0].tolist()]}
    assert ask(recogniser, megabytes=0.01).post("/predict", json=sent).status_code == 413
    assert ask(recogniser, frames=len(clips[0]) - 1).post("/predict", json=sent).status_code == 413
    assert ask(recogniser, frames=len(clips[0])).post("/predict", json=sent).status_code == 200
    assert ask(recogniser, seconds=1e-6).post("/predict", json=sent).status_code in (408, 413)
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        ask(recogniser, streams=0).websocket_connect(LIVE),
    ):
        pass
    assert refused.value.status_code == 503
    with ask(recogniser).websocket_connect(LIVE) as live:
        live.send_text(" " * 2**20 + "[]")
        assert live.receive()["code"] == 1009
    with ask(recogniser, seconds=0.01).websocket_connect(LIVE) as live:
        assert live.receive()["code"] == 1001  # no frame came


def test_the_help_says_the_range_and_the_default_of_each_limit(capsys):
    with pytest.raises(SystemExit):
        parse(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    for name, field in Limits.model_json_schema()["properties"].items():
        option = re.search(rf"--max-{name} [A-Z_]+ (.*?)\(default: ([\d.]+)\)", text)
        low = f"{field['minimum']} to" if "minimum" in field else "above 0, at most"
        assert f"{low} {int(field['maximum'])}" in option[1], option
        assert float(option[2]) == field["default"]


async def status_of(app, receive, sent=None, **headers):
    """What is answered to the upload of a file, whose body comes from `receive`."""
    sent = [] if sent is None else sent

    async def send(message):
        sent.append(message)

    given = {"host": "127.0.0.1"} | headers
    scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b"name=x.npz"}
    scope |= {"scheme": "http", "server": ("127.0.0.1", 8000), "root_path": ""}
    scope["headers"] = [(name.replace("_", "-").encode(), each.encode()) for name, each in given.items()]
    await app(scope, receive, send)
    assert (b"connection", b"close") in sent[0]["headers"]
    return sent[0]["status"]


def test_what_says_that_it_is_too_large_is_answered_before_it_is_read(recogniser):
    sent = []

    async def gone():
        assert sent, "the body was read before it was answered"
        return {"type": "http.disconnect"}

    assert asyncio.run(status_of(create_app(recogniser), gone, sent, content_length="10000000000")) == 413


def test_no_more_requests_wait_than_allowed(recogniser):
    async def both():
        app, ready = create_app(recogniser, Limits(requests=1, waiting=0)), asyncio.Event()

        async def body():
            await ready.wait()
            return {"type": "http.request", "body": b"x", "more_body": False}

        first = asyncio.create_task(status_of(app, body))
        await asyncio.sleep(0)  # the first one waits for its body
        second = await status_of(app, body)
        ready.set()
        return await first, second, await status_of(app, body)

    assert asyncio.run(both()) == (422, 503, 422)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1.evil.example:8000"}, 421),
        ({"host": ""}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9000"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://[evil"}, 403),
        ({"origin": HERE}, 200),
        ({"host": "localhost:80", "origin": "http://localhost:80"}, 200),
        ({"host": "[::1]:8000"}, 200),
    ],
)
def test_pages_from_elsewhere_are_refused(client, clips, headers, status):
    sent = {"clips": [clips[0].tolist()]}
    assert client.post("/predict", json=sent, headers=headers).status_code == status
    try:
        with client.websocket_connect(LIVE, headers=headers):
            assert status == 200
    except WebSocketDenialResponse as refused:
        assert refused.status_code == status


def test_pages_of_an_allowed_origin_may_ask_as_browsers_do(recogniser, clips):
    app = "https://app.example"
    guarded = TestClient(create_app(recogniser, token=TOKEN, origins=[app]), HERE)
    wanted = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    assert guarded.options("/predict", headers=wanted | {"origin": "https://evil.example"}).status_code == 400
    asked = guarded.options("/predict", headers=wanted | {"origin": app})
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, app)
    sent, token = {"clips": [clips[0].tolist()]}, {"authorization": f"Bearer {TOKEN}"}
    for origin, headers, status in ((app, token, 200), (app, {}, 401), ("https://evil.example", token, 403)):
        answer = guarded.post("/predict", json=sent, headers=headers | {"origin": origin})
        assert answer.status_code == status
        assert answer.headers.get("access-control-allow-origin") == (app if origin == app else None)
    offered = ["skeleton-live", f"token.{TOKEN}"]
    with guarded.websocket_connect(LIVE, offered, headers={"origin": app}) as live:
        assert live.accepted_subprotocol == "skeleton-live"


def test_a_token_is_asked_for(recogniser, clips):
    guarded, sent = ask(recogniser, TOKEN), {"clips": [clips[0].tolist()]}
    for headers, status in (
        ({}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": f"Basic {TOKEN}"}, 401),
        ({"authorization": "Bearer \xe4".encode("latin-1")}, 401),
        ({"authorization": f"Bearer {TOKEN}"}, 200),
        ({"authorization": f"Bearer {TOKEN}", "host": "model.example"}, 200),
    ):
        assert guarded.post("/predict", json=sent, headers=headers).status_code == status
    assert [guarded.get(path).status_code for path in ("/", "/health", "/model", "/metrics")] == [
        *(200, 200, 401, 401)
    ]
    for offered in ([], ["skeleton-live"], ["skeleton-live", "token.wrong"]):
        with pytest.raises(WebSocketDenialResponse), guarded.websocket_connect(LIVE, offered):
            pass
    with guarded.websocket_connect(LIVE, ["skeleton-live", f"token.{TOKEN}"]) as live:
        assert live.accepted_subprotocol == "skeleton-live"


def test_what_may_have_been_understood_wrongly_is_told(client, clips):
    mirrored = clips[0][:, :1] * np.float32([-1, 1, 1])
    answered = client.post("/predict", json={"clips": [mirrored.tolist()]}).json()
    assert len(answered["answers"]) == 1 and "mirrored" in answered["notes"][0]
    assert "notes" not in client.post("/predict", json={"clips": [clips[0][:, :1].tolist()]}).json()


def test_an_empty_frame_of_a_stream_is_one_of_nobody(client):
    with client.websocket_connect(f"{LIVE}?fps=30&window=4&stride=4") as live:
        for _ in range(4):
            live.send_text("[]")
        answer = live.receive_json()
    assert (answer["answer"], answer["label"], answer["bodies"], answer["classes"]) == ("nobody", None, 0, {})
