"""A site with very many requests, in memory and in virtual time, as a transport of the bridge.

It computes what nobody has touched, so that it takes no room beside the library that is measured,
and knows when each answer of an agent was written and shown.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict, deque
from random import Random
from urllib.parse import unquote, urlsplit

from chatbridge import HttpRequest, HttpResponse, Pace
from chatbridge.exchange import Party
from chatbridge.testing.virtual_clock import VirtualClock
from tests.benchmarks import canned_answers as canned

FIRST_ISSUE = 1_000_000
FIRST_CHAT = 5_000_000
_FIRST_NEWS = 1_000_000_000
_LOOK_BACK = re.compile(r"updated >= -(\d+)m")
_CALL = 0.025
"""Virtual seconds of a call: 0.2, by eight workers at once."""
_INDEX_LAG = (1.0, 60.0)
"""Virtual seconds until a search shows a change."""


def known_comments(issue: int) -> list[int]:
    """Return the ids of an issue's comments from before the measurement."""
    return [100_000 + (issue - FIRST_ISSUE) * 7 + each for each in range(4)]


class SilentSite:
    """Answers for Jira and for Telegram.

    Args:
        clock: the time, which each call takes a little of.
        chance: for the lag of the index.
    """

    def __init__(self, clock: VirtualClock, chance: Random) -> None:
        self._clock = clock
        self._chance = chance
        self._news: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._changed: deque[tuple[float, float, str]] = deque()
        self._waiting: dict[str, list[float]] = defaultdict(list)
        self._last = _FIRST_NEWS
        self.calls: Counter[str] = Counter()
        """Calls by what they were for: search, changed, unchanged, chat."""
        self.latencies: list[float] = []
        self.doubles = 0

    @property
    def unseen(self) -> int:
        """How many answers were not shown yet."""
        return sum(map(len, self._waiting.values()))

    def answered(self, issue: int) -> int:
        """Let an agent answer a request; return the comment's id."""
        now = self._clock.monotonic()
        self._last += 1
        self._news[str(issue)].append((self._last, canned.TEXT))
        self._changed.append((now, now + self._chance.uniform(*_INDEX_LAG), str(issue)))
        self._waiting[str(FIRST_CHAT + issue - FIRST_ISSUE)].append(now)
        while self._changed[0][0] < now - 86_400:
            self._changed.popleft()
        return self._last

    def send(self, request: HttpRequest, party: Party) -> HttpResponse:
        """See `Transport.send`."""
        del party
        self._clock.advance(_CALL)
        kind, body = self._answer(urlsplit(request.url).path, request)
        self.calls[kind] += 1
        return HttpResponse(200, {"Content-Type": "application/json"}, body)

    def hold(self, paces: tuple[Pace, ...], scope: str | None, seconds: float) -> None:
        """See `Transport.hold`; nobody is told to wait here."""

    def _answer(self, path: str, request: HttpRequest) -> tuple[str, bytes]:
        given = request.json if isinstance(request.json, dict) else {}
        if path.endswith("/sendMessage"):
            return "chat", self._shown(str(given["chat_id"]))
        if path.endswith("/search/jql"):
            return "search", self._search(unquote(request.url) + json.dumps(given))
        if path.endswith("/comment/list"):
            return "changed", self._second_witness({int(each) for each in given["ids"]})
        parts = path.split("/")
        if path.startswith("/rest/servicedeskapi/request/"):
            kind = "changed" if parts[4] in self._news else "unchanged"
            if not path.endswith("/comment"):
                return kind, canned.request(parts[4])
            before = [(each, canned.TEXT) for each in known_comments(int(parts[4]))]
            return kind, canned.customer_comments(before + self._news.get(parts[4], []))
        return "other", canned.MYSELF if path.endswith("/myself") else canned.DESK

    def _shown(self, chat: str) -> bytes:
        if self._waiting[chat]:
            self.latencies.append(self._clock.monotonic() - self._waiting[chat].pop(0))
        else:
            self.doubles += 1
        return canned.SENT

    def _search(self, asked: str) -> bytes:
        found = _LOOK_BACK.search(asked)
        assert found is not None
        now = self._clock.monotonic()
        since = now - 60 * int(found[1])
        return canned.changes(
            {issue: f"{at:.3f}" for at, seen, issue in self._changed if at >= since and seen <= now}
        )

    def _second_witness(self, wanted: set[int]) -> bytes:
        found = [
            canned.platform_comment(comment, issue, text)
            for issue, news in self._news.items()
            for comment, text in news
            if comment in wanted
        ]
        return canned.platform_comments(found)
