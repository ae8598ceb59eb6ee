"""A scripted judge with known position bias, noise, failure and refusal rates; also over HTTP."""

import base64
import hashlib
import io
import json
import re
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import numpy as np
from PIL import Image

from tests.waiting import pause


@dataclass
class ScriptedJudge:
    """Answers "first" with probability ``bias``, else at random with ``noise``, else by quality.

    The quality of a grey picture is its nearness to the caption's ``target=NN``; ``quality`` maps
    digests of pictures for others. The same request with the same seed has the same answer.
    """

    bias: float = 0.0
    noise: float = 0.0
    malformed: float = 0.0
    refusal: float = 0.0
    seed: int = 0
    quality: dict = field(default_factory=dict)
    model: str = "scripted-1"
    fingerprint: str = "fp-1"
    leniency: float = 0.0
    """Differences of quality up to this are ties."""

    def answer(self, body):
        """Returns (text, refused)."""
        canonical = json.dumps(body, sort_keys=True).encode()
        key = int.from_bytes(hashlib.sha256(canonical + str(self.seed).encode()).digest()[:8])
        rng = np.random.default_rng(key)
        if rng.random() < self.malformed:
            return "The first figure is { better", False
        if rng.random() < self.refusal:
            return "I'm sorry, but I cannot compare these figures.", True
        return json.dumps({"winner": self._winner(body, rng), "reason": "scripted"}), False

    def _winner(self, body, rng):
        if rng.random() < self.bias:
            return "first"
        if rng.random() < self.noise:
            return ("first", "second")[rng.integers(2)]
        content = body["messages"][1]["content"]
        target = re.search(r"target=(\d+)", content[0]["text"])
        urls = [part["image_url"]["url"] for part in content if part["type"] == "image_url"]
        if len(urls) < 2:
            return "tie"
        first, second = (self._quality(url, target) for url in urls)
        if abs(first - second) <= self.leniency:
            return "tie"
        return "first" if first > second else "second"

    def _quality(self, url, target):
        data = base64.b64decode(url.partition("base64,")[2])
        digest = hashlib.sha256(data).hexdigest()
        if digest in self.quality:
            return self.quality[digest]
        if target is None:
            return 0.0
        with Image.open(io.BytesIO(data)) as opened:
            grey = opened.convert("L").getpixel((opened.width // 2, opened.height // 2))
        return -abs(grey - int(target[1]))

    def completion(self, body):
        """Returns the server's JSON."""
        text, _ = self.answer(body)
        return {
            "id": "x",
            "model": self.model,
            "system_fingerprint": self.fingerprint,
            "choices": [
                {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            ],
            "usage": {"prompt_tokens": 900, "completion_tokens": 40},
        }

    def transport(self):
        """Returns the judge below HTTP, for simulations."""

        def handle(request):
            data = json.dumps(self.completion(json.loads(request.content))).encode()
            return httpx.Response(200, stream=_Chunks(data))

        return httpx.MockTransport(handle)


class _Chunks(httpx.AsyncByteStream):
    def __init__(self, data):
        self.data = data

    async def __aiter__(self):
        yield self.data[:50]
        yield self.data[50:]


@contextmanager
def served(judge, fault=None, latency=0.0):
    """Serves a judge on this machine.

    Args:
        judge: Answers.
        fault: Called with (handler, number of the request, body); True when it has replied.
        latency: Seconds before an answer.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            key = self.headers["Idempotency-Key"]
            with lock:
                server.requests.append((key, dict(self.headers), body))
                number = len(server.requests)
                server.in_flight += 1
                server.most_in_flight = max(server.most_in_flight, server.in_flight)
            try:
                pause(latency)
                if fault is not None and fault(self, number, body):
                    return
                # As gateways do: a repeated idempotency key returns the stored answer.
                with lock:
                    fresh = key not in server.charged
                    server.charged[key] += fresh
                self.reply(200, judge.completion(body))
            except (BrokenPipeError, ConnectionResetError):
                pass
            finally:
                with lock:
                    server.in_flight -= 1

        def reply(self, status, document, headers=()):
            data = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    lock = threading.Lock()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.requests, server.charged = [], Counter()
    server.in_flight = server.most_in_flight = 0
    server.endpoint = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def write_sets(root, papers=6, per_paper=2, missing=0, better=0.5, side=32):
    """Writes grey figures: ``gen/`` and ``ref/`` with captions; returns both folders.

    The first ``better`` of the figures are nearer to the target than their reference.
    """
    gen, ref = root / "gen", root / "ref"
    gen.mkdir(parents=True)
    ref.mkdir()
    total, lines = papers * per_paper, []
    for index in range(total):
        figure_id = f"paper{index // per_paper:03d}-Figure{index % per_paper + 1}-1"
        target = 20 + (index * 7) % 180
        good, bad = target, target + 12
        mine, other = (good, bad) if (index * 0.618) % 1 < better else (bad, good)
        for folder, grey, skip in ((ref, other, False), (gen, mine, index >= total - missing)):
            if not skip:
                pixels = np.full((side, side + index % 3, 3), grey, np.uint8)
                pixels[:2] = np.arange(side + index % 3)[None, :, None]
                Image.fromarray(pixels).save(folder / f"{figure_id}.png")
        caption = f"Figure {index} with target={target}."
        lines.append({"file_name": f"{figure_id}.png", "text": caption})
    (ref / "metadata.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return gen, ref
