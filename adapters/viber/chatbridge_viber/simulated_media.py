"""Files in the simulated Viber: those that people send, and those that the bot wants shown.

What people send can be read for an hour under an address without any credential. What the bot
sends is fetched from the address it names, by whoever surrounds the simulator; a file that cannot
be had, or is not what was said of it, is reported as failed after it was taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

from attrs import define, field, frozen

from chatbridge.clock import Clock
from chatbridge.http_types import HttpResponse
from chatbridge.testing.simulator import FetchedFile, OwedFetch

from .simulated_users import ShownMessage, User

LIFETIME: Final = 3600.0
"""Seconds for which a received file can be read; two clients quote it from Viber's page."""
MEDIA_URL: Final = "https://dl-media.viber.com"
FOLDER: Final = "/media/"
_TRIES: Final = 3
_PAUSE: Final = 2.0
_TYPES: Final = {"picture": "image/", "video": "video/mp4", "file": ""}
_MOST: Final = {"picture": 3_000_000, "video": 27_262_976, "file": 52_428_800}


@frozen
class _Kept:
    data: bytes = field(repr=False)
    media_type: str
    until: float


@define
class MediaShelf:
    """What people have sent.

    Args:
        clock: the time.
        draw: returns random bits, for addresses that nobody can guess.
    """

    clock: Clock
    draw: Callable[[int], int]
    _kept: dict[str, _Kept] = field(factory=dict)

    def put(self, name: str, data: bytes, media_type: str) -> str:
        """Keep a file for an hour; return the path under which it is read."""
        path = f"{FOLDER}{self.draw(128):032x}/{name}"
        self._kept[path] = _Kept(data, media_type, self.clock.monotonic() + LIFETIME)
        return path

    def answer(self, path: str) -> HttpResponse:
        """Answer who reads a file; what is over was never there."""
        kept = self._kept.get(path)
        if kept is None or kept.until <= self.clock.monotonic():
            self._kept.pop(path, None)
            return HttpResponse(404, {"Content-Type": "text/html"}, b"<html>Not found</html>")
        return HttpResponse(200, {"Content-Type": kept.media_type}, kept.data)


@define(kw_only=True)
class MediaFetch:
    """A file of the bot's that has still to be fetched.

    Args:
        fetch_id: names it.
        user: who shall see it.
        shown: the message that shows it.
        due: the monotonic moment from which it may be fetched.
        under_way: whether somebody does so now.
        tries: how often it failed in a way that may pass.
    """

    fetch_id: str
    user: User
    shown: ShownMessage
    due: float
    under_way: bool = False
    tries: int = 0


@define
class FetchQueue:
    """What Viber still has to fetch.

    Args:
        clock: the time.
        report: called with a message and why its file cannot be shown.
    """

    clock: Clock
    report: Callable[[User, ShownMessage, str], None]
    waiting: list[MediaFetch] = field(factory=list)
    _count: int = 0

    def owe(self, user: User, shown: ShownMessage) -> None:
        """Let the file of a message be fetched, if it has one."""
        if shown.content.get("type") in _TYPES:
            self._count += 1
            now = self.clock.monotonic()
            self.waiting.append(
                MediaFetch(fetch_id=f"media-{self._count}", user=user, shown=shown, due=now)
            )

    def due(self) -> list[OwedFetch]:
        """Return what may be fetched now, and mark it as under way."""
        now = self.clock.monotonic()
        ready = [each for each in self.waiting if not each.under_way and each.due <= now]
        for each in ready:
            each.under_way = True
        return [OwedFetch(each.fetch_id, each.shown.content["media"]) for each in ready]

    def fetched(self, fetch_id: str, file: FetchedFile | None) -> None:
        """Note what came of a fetch; None where nobody answered."""
        for each in [each for each in self.waiting if each.fetch_id == fetch_id]:
            if (file is None or file.status >= 500) and each.tries + 1 < _TRIES:
                each.tries += 1
                each.under_way, each.due = False, self.clock.monotonic() + _PAUSE
                continue
            self.waiting.remove(each)
            problem = _problem(each.shown.content, file)
            if problem:
                self.report(each.user, each.shown, problem)
            elif file is not None:
                each.shown.file = {
                    "size": len(file.body),
                    "media_type": file.headers.get("Content-Type", ""),
                    "sha256": hashlib.sha256(file.body).hexdigest(),
                }


def _problem(message: dict[str, Any], file: FetchedFile | None) -> str:
    """Return why the file of a message cannot be shown, empty where it can."""
    if file is None or file.status != 200:
        return "failed to download the media"
    kind, size = message["type"], len(file.body)
    if not file.headers.get("Content-Type", "").startswith(_TYPES[kind]):
        return "the media has another type"
    if file.headers.get("Content-Length") != str(size):
        return "the media has another length than it says"
    if message.get("size", size) != size:
        return "the media has another size than the message says"
    return "the media is too large" if size > _MOST[kind] else ""
