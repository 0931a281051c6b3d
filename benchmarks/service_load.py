"""How long `skeleton-predict serve` takes for a request, and how many it answers in a second.

    python benchmarks/service_load.py

It starts the service with the network of `benchmarks/serving.py`, and sends one clip of 2 s as JSON, then a
recording of 10 s as an .npz in windows of 2 s (9 answers). First one client sends request after request; then
several send at once, as many as the service answers at once (`--clients`). The processor time of the service
depends less on other programs than the time of the clock does (Linux alone).
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

import numpy as np
from serving import write_model, write_recordings


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--requests", type=int, default=300, help="Requests of each row.")
    parser.add_argument("--clients", type=int, default=2, help="Clients that send at once.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_model(Path(folder))
        write_recordings(Path(folder), 300)
        recording = Path(folder) / "long.npz"
        clip = np.load(recording)["positions_m"][:60].round(4)
        sent: dict[str, tuple[str, str | bytes]] = {
            "a clip of 2 s, JSON": (
                "/predict?insist=true",
                json.dumps({"clips": [clip.tolist()]}),
            ),
            "a recording of 10 s, .npz": (
                "/predict?insist=true&name=a.npz&window=2s",
                recording.read_bytes(),
            ),
        }
        print(
            "| request | processor | one after the other, median | 95 % take less than | at once, a second |"
        )
        print("|---|---:|---:|---:|---:|")
        with served(Path(folder) / "new", given.clients) as (port, process):
            for name, (address, body) in sent.items():
                measure(name, given.requests, given.clients, process, port, address, body)


def measure(
    name: str, count: int, clients: int, process: int, port: int, address: str, body: str | bytes
) -> None:
    """Print the row of a request."""
    ask(port, address, body, 20)
    before = processor(process)
    alone, each = ask(port, address, body, count), count // clients
    used = (processor(process) - before) / count
    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda _: ask(port, address, body, each), range(clients)))
    rate = each * clients / (time.perf_counter() - start)
    late = quantiles(alone, n=20)[-1]
    print(
        f"| {name} | {1e3 * used:.1f} ms | {1e3 * median(alone):.1f} ms | {1e3 * late:.1f} ms | {rate:.0f} |",
        flush=True,
    )


@contextmanager
def served(model: Path, requests: int) -> Iterator[tuple[int, int]]:
    """Start the service, and return its port and its process."""
    command = [sys.executable, "-m", "skeleton_runtime.cli.main", "serve", str(model), "--port", "0"]
    command += ["--max-requests", str(requests)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield int(server.stdout.readline().strip().rstrip("/").rpartition(":")[2]), server.pid
        finally:
            server.terminate()


def processor(process: int) -> float:
    """Return the seconds of the processor that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(port: int, address: str, body: str | bytes, count: int) -> list[float]:
    """Send a request again and again over one connection, and return the seconds that each took."""
    connection, times = http.client.HTTPConnection("127.0.0.1", port), []
    for _ in range(count):
        start = time.perf_counter()
        connection.request("POST", address, body, {"content-type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        times.append(time.perf_counter() - start)
        assert answer.status == 200, text
    connection.close()
    return times


if __name__ == "__main__":
    main()
