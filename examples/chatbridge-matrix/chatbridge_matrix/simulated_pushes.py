"""What the simulated homeserver brings to an application service: one transaction after the other.

Each is brought again, later and later, until it is answered 200, as real servers do.
"""

from __future__ import annotations

import json
from typing import Any

from attrs import define, field

from chatbridge.testing.simulator import OwedWebhook

_MOST_EVENTS = 100
_LONGEST_PAUSE = 512.0


@define
class Pushes:
    """The transactions of one registration.

    Args:
        token: by which the homeserver proves itself.
        url: of the registration; empty: nothing is brought.
    """

    token: str
    url: str = ""
    _passed: int = field(default=0, init=False)
    _number: int = field(default=1, init=False)
    _waiting: list[tuple[int, dict[str, Any]]] = field(factory=list, init=False)
    _tries: int = field(default=0, init=False)
    _due: float = field(default=0.0, init=False)
    _brought: bool = field(default=False, init=False)

    def register(self, url: str, after: int) -> None:
        """Bring what happens after this number to this URL."""
        self.url, self._passed = url, after

    def owed(self, news: list[tuple[int, dict[str, Any]]], now: float) -> list[OwedWebhook]:
        """Return the transaction that is due, if there is one.

        Args:
            news: everything that concerns the bot, by number.
            now: the clock's `monotonic()`.
        """
        if not self.url or self._brought or now < self._due:
            return []
        if not self._waiting:
            self._waiting = [each for each in news if each[0] > self._passed][:_MOST_EVENTS]
        if not self._waiting:
            return []
        self._brought = True
        body = json.dumps({"events": [event for _, event in self._waiting]}).encode()
        url = f"{self.url}/_matrix/app/v1/transactions/{self._number}"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return [OwedWebhook(
            webhook_id=str(self._number), url=url, headers=headers, body=body, due=self._due,
            method="PUT",
        )]  # fmt: skip

    def answered(self, status: int | None, now: float) -> None:
        """Note how a transaction was taken."""
        self._brought = False
        if status == 200:
            self._passed, self._waiting = self._waiting[-1][0], []
            self._number, self._tries, self._due = self._number + 1, 0, now
        else:
            self._tries += 1
            self._due = now + min(2.0**self._tries, _LONGEST_PAUSE)
