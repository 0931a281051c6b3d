"""Two thousand damaged requests: each is answered or refused, and the next one is served as before."""

import io
import json
import random

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra 'serve' is not installed")
pytest.importorskip("httpx2", reason="httpx2, which asks the service, is not installed")
from starlette.testclient import TestClient

from skeleton_data import layout
from skeleton_runtime.serving.app import create_app
from skeleton_runtime.serving.limits import Limits

REQUESTS, FRAMES = 2000, 12
WORDS = (
    *(
        b"NaN",
        b"-Infinity",
        b"null",
        b"1e999",
        b"1" * 400,
        b"{}",
        b"[]",
        b"[" * 300,
        b'"',
        b"\0",
        b"\xff\xfe",
    ),
    *(b"-1", b"0", b"65536", b"../../etc/passwd", b"%00", b"__proto__", b"true", b"\r\n\r\n", b"PK\3\4"),
)
VALUES = (
    *(
        "",
        "0",
        "-1",
        "1e-300",
        "1e300",
        "nan",
        "inf",
        "2s",
        "0.0001s",
        "9" * 19,
        "9" * 400,
        "../x",
        "/etc/passwd",
    ),
    *(
        "z",
        "-y",
        "mm",
        "px",
        "640x480",
        "0x0",
        "ntu",
        "kinect_v1",
        "coco17",
        "true",
        "x.csv",
        "x.bvh",
        "x.pkl",
    ),
)
NAMES = ("name", "window", "stride", "fps", "up", "units", "top", "missing", "max_gap", "min_confidence")
NAMES = (
    *NAMES,
    "source_layout",
    "derive",
    "picture",
    "insist",
    "skeletons",
    "threshold",
    "smooth",
    "labels",
    "\0",
)


def requests(clip, raw):
    """Requests that are answered: (query, kind, body)."""
    clip = clip[:FRAMES, :1]
    names = layout("ntu").joints
    packed = io.BytesIO()
    np.savez(packed, positions_m=clip[:, 0], offsets=[0, FRAMES], fps=30.0, joint_names=list(names))
    head = ",".join(["frame", *(f"{name}_{axis}" for name in names for axis in "xyz")])
    rows = [",".join([str(n), *map(str, frame.ravel().round(3).tolist())]) for n, frame in enumerate(clip)]
    first = b"".join(raw.read_bytes().splitlines(keepends=True)[: 1 + 28 * FRAMES])
    return (
        ({}, "application/json", json.dumps({"clips": [clip.round(3).tolist()]}).encode()),
        ({"name": "x.npz"}, "application/octet-stream", packed.getvalue()),
        ({"name": "x.csv", "fps": "30"}, "text/csv", "\n".join([head, *rows]).encode()),
        ({"name": "x.skeleton"}, "", str(FRAMES).encode() + first[first.index(b"\n") :]),
    )


def damaged(generator, body):
    """The body with some bytes changed, cut out, doubled or put in."""
    data = bytearray(body)
    for _ in range(generator.choice((0, 1, 1, 2, 5))):
        at = generator.randrange(len(data) + 1)
        match generator.randrange(5):
            case 0 if data:
                data[min(at, len(data) - 1)] = generator.randrange(256)
            case 1:
                del data[at : at + generator.choice((1, 10, 1000))]
            case 2:
                data[at:at] = data[at : at + generator.choice((1, 10, 1000))]
            case 3:
                data[at:at] = generator.choice(WORDS)
            case _:
                data[at : at + generator.randrange(10)] = generator.choice(WORDS)
    return bytes(data)


def test_damaged_requests_are_answered_or_refused(recogniser, raw, clips):
    generator, statuses = random.Random(23), []
    good = requests(clips[0], min(raw.glob("*.skeleton")))
    with TestClient(
        create_app(recogniser, Limits(frames=2000, megabytes=1)), "http://127.0.0.1:8000"
    ) as client:

        def send(query, kind, body, path="/predict"):
            return client.post(path, params=query, content=body, headers={"content-type": kind})

        expected = [send(*request).json() for request in good]
        assert all("answers" in reply for reply in expected)
        for number in range(REQUESTS):
            query, kind, body = generator.choice(good)
            if generator.random() < 0.4:
                query = query | {generator.choice(NAMES): generator.choice(VALUES)}
            kind = generator.choice((kind, kind, kind, "application/json", "multipart/form-data", "x"))
            path = (
                "/predict"
                if generator.random() < 0.97
                else generator.choice(("/predict/", "/live", "//", "/*"))
            )
            answer = send(query, kind, damaged(generator, body), path)
            assert answer.status_code == 200 or 400 <= answer.status_code < 500, answer.text
            assert ("answers" in answer.json()) == (answer.status_code == 200)
            assert "/tmp" not in answer.text and "NaN" not in answer.text.partition('"error"')[0]
            statuses.append(answer.status_code)
            if number % 200 == 0:
                assert [send(*request).json() for request in good] == expected
    assert {200, 400, 404, 415, 422} <= set(statuses), set(statuses)


def test_damaged_frames_do_not_end_a_stream(recogniser, clips):
    generator = random.Random(23)
    app = create_app(recogniser)
    with TestClient(app).websocket_connect("ws://localhost/live?window=1&stride=1") as live:
        for frame in [*clips[0][:20], *clips[1][:20]] * 5:
            live.send_bytes(damaged(generator, json.dumps(frame.round(3).tolist()).encode()))
            assert "error" in live.receive_json()
            text = damaged(generator, json.dumps(frame.round(3).tolist()).encode()).decode("latin-1")
            live.send_text(text if text != "end" else "")
            reply = live.receive_json()
            assert "error" in reply or all(0 <= share <= 1 for share in reply["classes"].values())
