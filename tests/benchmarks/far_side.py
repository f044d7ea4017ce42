"""A fast stand-in for Telegram and Jira in a process of its own: canned answers, counted calls.

It keeps no more state than the calls of a measurement need, proves nothing and checks nothing; the
simulators of `chatbridge.testing` do that, and are too slow to measure against.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from tests.benchmarks import canned_answers as canned

_HEAD = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_PAGE = 100

Reply = Callable[[int, bytes], None]


class FarSide:
    """What both services know, and how often they were called.

    Args:
        loop: the event loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.latency = 0.0
        self._counts: Counter[str] = Counter()
        self._updates: dict[str, list[tuple[int, bytes]]] = defaultdict(list)
        self._polls: dict[str, Callable[[], None]] = {}
        self._last_update = 0
        self._comments: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._issue_of: dict[int, tuple[str, str]] = {}
        self._last_comment = 10_000
        self._changed: dict[str, str] = {}
        self._refill: dict[str, str] = {}
        self._refilled: list[str] = []
        self._waiting: list[tuple[str, int, Reply]] = []

    def answer(self, method: bytes, path: str, body: bytes, reply: Reply) -> None:
        """Answer one call, later where there is a latency.

        Args:
            method: the verb.
            path: with the query.
            body: as it came.
            reply: takes the status and the body of the answer.
        """
        if path.startswith("/_/"):
            self._control(path[3:], json.loads(body or b"{}"), reply)
        elif path.startswith("/bot"):
            token, _, name = path.removeprefix("/bot").partition("/")
            self._telegram(token, name, body, reply)
        else:
            self._jira(method, path.partition("?")[0], body, reply)

    def _after_latency(self, act: Callable[[], None]) -> None:
        if self.latency:
            self._loop.call_later(self.latency, act)
        else:
            act()

    def _count(self, kind: str) -> None:
        self._counts[kind] += 1
        for waiter in [each for each in self._waiting if self._counts[each[0]] >= each[1]]:
            self._waiting.remove(waiter)
            waiter[2](200, b"{}")

    # --- Telegram -------------------------------------------------------------------------------

    def _telegram(self, token: str, name: str, body: bytes, reply: Reply) -> None:
        if name == "getUpdates":
            self._count("poll")
            asked = json.loads(body)
            self._after_latency(lambda: self._poll(token, asked, reply))
        elif name == "sendMessage":
            self._count("send")
            if self._refill:
                self._write_next(str(json.loads(body)["chat_id"]))
            self._after_latency(lambda: reply(200, canned.SENT))
        else:
            self._after_latency(lambda: reply(200, canned.ME))

    def _poll(self, token: str, asked: dict[str, Any], reply: Reply) -> None:
        waiting = self._updates[token]
        offset = asked.get("offset") or 0
        del waiting[: sum(number < offset for number, _ in waiting[:_PAGE])]
        timeout = asked.get("timeout") or 0
        if waiting or not timeout:
            reply(200, canned.updates([text for _, text in waiting[:_PAGE]]))
            return
        timer = self._loop.call_later(timeout, lambda: self._wake(token))

        def wake() -> None:
            timer.cancel()
            reply(200, canned.updates([text for _, text in self._updates[token][:_PAGE]]))

        self._polls[token] = wake

    def _wake(self, token: str) -> None:
        poll = self._polls.pop(token, None)
        if poll is not None:
            poll()

    def _write_next(self, chat: str) -> None:
        """Let the agent comment again as soon as the chat was told the last comment."""
        issue = self._refill.get(chat)
        if issue is not None:
            self._comment(issue, canned.TEXT)
            self._refilled.append(issue)

    # --- Jira -----------------------------------------------------------------------------------

    def _jira(self, method: bytes, path: str, body: bytes, reply: Reply) -> None:
        kind, status, answer = self._jira_answer(method, path, body)
        self._count(kind)
        self._after_latency(lambda: reply(status, answer))

    def _jira_answer(self, method: bytes, path: str, body: bytes) -> tuple[str, int, bytes]:
        parts = path.split("/")
        if method == b"POST" and parts[2] == "api" and path.endswith("/comment"):
            self._last_comment += 1
            return "comment", 201, canned.written_comment(self._last_comment, parts[5])
        if path.endswith("/comment/list"):
            found = [
                canned.platform_comment(one, *self._issue_of[one])
                for one in json.loads(body)["ids"]
                if one in self._issue_of
            ]
            return "cross_read", 200, canned.platform_comments(found)
        if path.startswith("/rest/servicedeskapi/request/"):
            if path.endswith("/comment"):
                return "comments", 200, canned.customer_comments(self._comments[parts[4]])
            return "request", 200, canned.request(parts[4])
        if path.endswith("/search/jql"):
            return "search", 200, canned.changes(self._changed)
        return "other", 200, canned.MYSELF if path.endswith("/myself") else canned.DESK

    def _comment(self, issue: str, text: str) -> int:
        self._last_comment += 1
        self._comments[issue].append((self._last_comment, text))
        self._issue_of[self._last_comment] = (issue, text)
        return self._last_comment

    # --- what the measurement says --------------------------------------------------------------

    def _control(self, name: str, given: dict[str, Any], reply: Reply) -> None:
        if name == "wait":
            if self._counts[given["kind"]] >= given["count"]:
                reply(200, b"{}")
            else:
                self._waiting.append((given["kind"], given["count"], reply))
            return
        result = getattr(self, f"_set_{name}")(**given)
        reply(200, json.dumps(result).encode())

    def _set_counts(self) -> dict[str, int]:
        return dict(self._counts)

    def _set_latency(self, seconds: float) -> None:
        self.latency = seconds

    def _set_messages(self, token: str, chats: list[int], each: int) -> None:
        """Let every chat write so many messages, all chats in turn."""
        for _ in range(each):
            for chat in chats:
                self._last_update += 1
                text = canned.update(self._last_update, chat)
                self._updates[token].append((self._last_update, text))
        self._wake(token)

    def _set_comments(self, issues: list[str], each: int = 1) -> list[int]:
        """Let an agent write so many public comments on every issue; return their ids."""
        return [self._comment(issue, canned.TEXT) for _ in range(each) for issue in issues]

    def _set_forget_comments(self) -> None:
        self._comments.clear()
        self._issue_of.clear()

    def _set_changed(self, changed: dict[str, str]) -> None:
        self._changed = changed

    def _set_refill(self, chats: dict[str, str]) -> None:
        self._refill = chats

    def _set_refilled(self) -> list[str]:
        issues, self._refilled = self._refilled, []
        return issues


class Connection(asyncio.Protocol):
    """One keep-alive connection; calls are answered in turn."""

    def __init__(self, far_side: FarSide) -> None:
        self._far_side = far_side
        self._transport: asyncio.Transport | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Answer nobody any more."""
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Answer each whole call."""
        self._buffer += data
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end]
            at = head.lower().find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            method, path, _ = head.split(b" ", 2)
            self._far_side.answer(method, path.decode(), body, self._reply)

    def _reply(self, status: int, body: bytes) -> None:
        if self._transport is not None:
            self._transport.write(_HEAD % (status, len(body)) + body)


async def serve(certificate: str | None) -> None:
    """Serve on a free loopback port, told on stdout, until stdin ends."""
    loop = asyncio.get_running_loop()
    far_side = FarSide(loop)
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    server = await loop.create_server(
        lambda: Connection(far_side), "127.0.0.1", 0, ssl=context, backlog=2048
    )
    plain = await loop.create_server(lambda: Connection(far_side), "127.0.0.1", 0)
    ports = [each.sockets[0].getsockname()[1] for each in (server, plain)]
    sys.stdout.write(f"{ports[0]} {ports[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate")
    asyncio.run(serve(parser.parse_args().certificate))
