"""Load for the doors, in a process of its own: so many posts, one after the other on each of some kept connections.

Bounded in everything: posts, connections and time are arguments, and the target is 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass

import uvloop

TROUBLES = 50
"""Different signals that the alerts are about: a storm repeats itself."""


@dataclass(frozen=True)
class Load:
    """What is sent; `prefix` keeps the ids of two loads apart."""

    port: int
    token: str
    connections: int
    posts: int
    batch: int
    prefix: str

    def request(self, number: int) -> bytes:
        """One post with its own alerts; ids are told apart by their number."""
        first = number * self.batch
        alerts = [
            {
                "id": f"{self.prefix}-{index}",
                "host": "localhost",
                "signal": f"bench.load:trouble-{index % TROUBLES}",
                "value": 97.5,
                "limit": 90,
                "text": f"request {index} took too long",
                "labels": {"service": "shop", "severity": "info"},
            }
            for index in range(first, first + self.batch)
        ]
        body = json.dumps(alerts if self.batch > 1 else alerts[0]).encode()
        head = (
            f"POST /alerts HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


async def _work(load: Load, requests: list[bytes], latencies: list[float]) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", load.port)
    accepted = 0
    while requests:
        request = requests.pop()
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
        latencies.append(time.perf_counter() - began)
        accepted += head.startswith(b"HTTP/1.1 202 ")
    writer.close()
    return accepted


async def _run(load: Load) -> dict[str, float]:
    requests = [load.request(number) for number in range(load.posts)]
    latencies: list[float] = []
    began = time.perf_counter()
    accepted = sum(await asyncio.gather(*(_work(load, requests, latencies) for _ in range(load.connections))))
    seconds = time.perf_counter() - began
    return {"accepted": accepted, "seconds": seconds, "slowest": max(latencies)}


def main(arguments: list[str]) -> int:
    """Port, token, connections, posts, alerts per post, prefix."""
    port, token, connections, posts, batch, prefix = arguments
    load = Load(int(port), token, int(connections), int(posts), int(batch), prefix)
    sys.stdout.write(json.dumps(uvloop.run(asyncio.wait_for(_run(load), 60))) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
