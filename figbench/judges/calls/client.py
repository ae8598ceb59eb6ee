"""One request to an OpenAI-compatible server: limits on time and size, and typed failures."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import math
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from figbench._version import __version__
from figbench.errors import UserError
from figbench.judges.answer import MAX_ANSWER_CHARACTERS
from figbench.judges.calls.ledger import Reply

KEY_VARIABLE = "FIGBENCH_JUDGE_API_KEY"
MAX_RESPONSE_BYTES = 4 * 2**20
MAX_RETRY_AFTER_S = 300.0
RETRIED = (408, 409, 425, 429, 500, 502, 503, 504, 529)


@dataclass(frozen=True, slots=True)
class Failure(Exception):
    """An attempt without an answer.

    Attributes:
        reason: Sentence; never contains the API key.
        retry: Whether another attempt can help.
        charged: Whether the server may have charged for it.
        wait_s: Pause that the server asks for.
        fatal: Whether every other call would fail in the same way.
        rate_limited: Whether the server asked for fewer requests.
    """

    reason: str
    retry: bool
    charged: bool
    wait_s: float | None = None
    fatal: bool = False
    rate_limited: bool = False


def completions_url(endpoint: str) -> str:
    """Returns the address of chat completions below ``endpoint``.

    Raises:
        UserError: If it is not http(s) or carries credentials.
    """
    try:
        url = httpx.URL(endpoint)
    except (httpx.InvalidURL, TypeError):
        raise UserError(f"--endpoint {endpoint!r}: not a URL.") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise UserError(
            f"--endpoint {endpoint!r}: not an http or https URL.",
            remedy="For example: --endpoint http://localhost:8000/v1",
        )
    if url.userinfo or url.query:
        raise UserError(
            "--endpoint carries credentials or a query, which would be stored with the results.",
            remedy=f"Give the address only, and the key in the variable {KEY_VARIABLE}.",
        )
    path = url.path.rstrip("/")
    suffix = "" if path.endswith("/chat/completions") else "/chat/completions"
    return str(url.copy_with(path=path + suffix, fragment=None))


def api_key(endpoint: str) -> str | None:
    """Returns the key from the environment; OPENAI_API_KEY counts for api.openai.com alone.

    Raises:
        UserError: If the key would leave this machine's network without encryption.
    """
    url = httpx.URL(endpoint)
    key = os.environ.get(KEY_VARIABLE)
    if not key and url.host == "api.openai.com":
        key = os.environ.get("OPENAI_API_KEY")
    if key and url.scheme == "http" and not _is_private(url.host):
        raise UserError(
            f"{endpoint}: the API key would be sent without encryption.",
            remedy=f"Use https, or unset {KEY_VARIABLE}.",
        )
    return key or None


def _is_private(host: str) -> bool:
    if host == "localhost" or ("." not in host and ":" not in host):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_private
    except ValueError:
        return False


class Client:
    """Sends requests; holds the API key, which appears in no message and no file.

    Args:
        endpoint: Base URL such as ``http://localhost:8000/v1``.
        timeout_s: Longest time of one attempt from connection to the last byte.
        transport: For tests and simulations; None opens connections.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        timeout_s: float = 120.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = completions_url(endpoint)
        self._key = api_key(self.url)
        self.timeout_s = timeout_s
        headers = {"User-Agent": f"figbench/{__version__}", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        self._http = httpx.AsyncClient(
            headers=headers, timeout=timeout_s, follow_redirects=False, transport=transport,
            limits=httpx.Limits(max_connections=256),
        )  # fmt: skip

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def ask(self, body: dict[str, Any], key: str) -> Reply:
        """Returns the server's answer to one request.

        Args:
            body: Of a chat completion.
            key: Sent as ``Idempotency-Key``: a gateway that honours it charges a repeat once.

        Raises:
            Failure: For everything that is not a complete answer.
        """
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.timeout_s):
                status, headers, data = await self._exchange(body, key)
        except TimeoutError:
            raise Failure(f"no answer within {self.timeout_s:g} s", True, True) from None
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Failure(self._clean(f"no connection ({error})"), True, False) from None
        except httpx.HTTPError as error:
            reason = self._clean(f"connection lost ({type(error).__name__}: {error})")
            raise Failure(reason, True, True) from None
        if status != httpx.codes.OK:
            raise self._refused(status, headers, data)
        milliseconds = round((time.monotonic() - started) * 1000)
        return self._reply(data, milliseconds)

    async def _exchange(
        self, body: dict[str, Any], key: str
    ) -> tuple[int, httpx.Headers, bytes | None]:
        headers = {"Idempotency-Key": key}
        async with self._http.stream("POST", self.url, json=body, headers=headers) as response:
            if response.headers.get("Content-Encoding", "identity") != "identity":
                return response.status_code, response.headers, None
            chunks, size = [], 0
            async for chunk in response.aiter_raw():
                size += len(chunk)
                if size > MAX_RESPONSE_BYTES:
                    return response.status_code, response.headers, None
                chunks.append(chunk)
            return response.status_code, response.headers, b"".join(chunks)

    def _refused(self, status: int, headers: httpx.Headers, data: bytes | None) -> Failure:
        message = self._clean((data or b"")[:300].decode("utf-8", "replace"))
        reason = f"HTTP {status}: {message}"
        if status in RETRIED:
            charged = status not in (408, 409, 425, 429, 503, 529)
            return Failure(
                reason, True, charged, _retry_after(headers), rate_limited=status in (429, 503, 529)
            )
        return Failure(reason, False, False, fatal=status in (401, 402, 403, 404, 405))

    def _reply(self, data: bytes | None, milliseconds: int) -> Reply:
        if data is None:
            problem = f"oversized: more than {MAX_RESPONSE_BYTES:,} bytes, or compressed"
            return Reply(None, milliseconds=milliseconds, problem=problem)
        try:
            document = json.loads(data)
            choice = document["choices"][0]
            message = choice["message"]
            text, refusal = message.get("content"), message.get("refusal")
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
            return Reply(None, milliseconds=milliseconds, problem="not a chat completion")
        problem = "" if text is None or isinstance(text, str) else "content is not text"
        text = self._clean(text) if isinstance(text, str) else None
        if text is not None and len(text) > MAX_ANSWER_CHARACTERS:
            text, problem = text[:MAX_ANSWER_CHARACTERS], "oversized: the answer's text"
        usage = document.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        return Reply(
            text=text,
            finish_reason=self._word(choice.get("finish_reason")),
            refusal=self._word(refusal),
            model=self._word(document.get("model")),
            system_fingerprint=self._word(document.get("system_fingerprint")),
            prompt_tokens=_count(usage.get("prompt_tokens")),
            completion_tokens=_count(usage.get("completion_tokens")),
            milliseconds=milliseconds,
            problem=problem,
        )

    def _clean(self, text: str) -> str:
        text = text.encode("utf-8", "replace").decode()
        return text.replace(self._key, "***") if self._key else text

    def _word(self, value: Any) -> str | None:
        return self._clean(value[:300]) if isinstance(value, str) and value else None


def _count(value: Any) -> int | None:
    sound = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9
    return value if sound else None


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds or an HTTP date (RFC 9110, 10.2.3), at most five minutes."""
    value = headers.get("Retry-After")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S) if math.isfinite(seconds) else None
