"""Tells the host of comments that a chat shows and that are not public any more, once each.

They stay in the chat, where people may have read them. Nothing is kept beyond the process.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from chatbridge.links import Link
from chatbridge.observation import NoticeKind, Observer

_REMEMBERED: Final = 10_000
_SAID: Final = "a comment that a chat shows was made internal or deleted; it stays in the chat"


class Withdrawals:
    """Remembers what the host was told of.

    Args:
        observer: tells the host.
    """

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._lock = threading.Lock()
        self._told: OrderedDict[str, frozenset[int]] = OrderedDict()

    def tell(self, key: str, link: Link, withdrawn: frozenset[int]) -> None:
        """Tell of what is new among these; what is public again may be told of another time.

        Args:
            key: of the link's record.
            link: as kept.
            withdrawn: ids of comments that its chat shows and that are not public now.
        """
        with self._lock:
            known = self._told.pop(key, frozenset())
            if withdrawn:
                self._told[key] = withdrawn
            if len(self._told) > _REMEMBERED:
                self._told.popitem(last=False)
        for _ in withdrawn - known:
            where = f"a chat on {link.platform}"
            self._observer.notice(NoticeKind.ANSWER_WITHDRAWN, where, _SAID)
