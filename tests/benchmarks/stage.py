"""A bridge with one project, one bot and many chats, on an SQLite file, facing the far side.

Everything is on as a host gets it: sealing, marks, ordering, claims, durable writes. Only the paces
let everything pass at once (they are still counted): a site's own limit of 50 comments a second and
a chat's of one message a second would otherwise be all that is measured.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from chatbridge import (
    Bridge,
    CloudDesk,
    Pace,
    Plugins,
    ProjectSettings,
    Secret,
    SiteSettings,
    Timings,
    WebhookRequest,
    new_root_key,
    root_key_from_text,
)
from chatbridge.links import Link, Told
from chatbridge.pacing import Pacer
from chatbridge.records import BotRecord, Conversation, Project
from chatbridge.transport import HttpTransport
from tests.benchmarks import canned_answers as canned
from tests.benchmarks.far_control import FarControl

SITE = "acme"
BOT_ID = "4242"
TOKEN = f"{BOT_ID}:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawBENCHMARK"
AUTHORIZATION = "Basic Ym90QGFjbWUuZXhhbXBsZTp0b2tlbg=="
_HOOK_SECRET = "benchmark-webhook-secret"
_HINT_SECRET = b"benchmark-hint-secret"
_FIRST_CHAT = 1_000_000
_FIRST_ISSUE = 20_000


class _CountingPacer(Pacer):
    """Books every request and lets it pass at once."""

    def wait_for(
        self, paces: tuple[Pace, ...], longest: float = math.inf
    ) -> tuple[float, str | None]:
        super().wait_for(paces, longest)
        return 0.0, None


def unpaced(transport: HttpTransport) -> HttpTransport:
    """Return the transport with paces that are counted and never waited for."""
    transport._pacer = _CountingPacer(transport._clock)
    return transport


class Stage:
    """A bridge and the chats that it serves.

    Args:
        far: the far side.
        folder: where the database is.
        mode: "poll" or "webhook".
        chats: how many.
        workers: how many.
        timings: None: the defaults.
    """

    def __init__(
        self,
        far: FarControl,
        folder: Path,
        *,
        mode: str = "webhook",
        chats: int = 200,
        workers: int = 16,
        timings: Timings | None = None,
    ) -> None:
        self.far = far
        self.chats = [_FIRST_CHAT + at for at in range(chats)]
        self.issues = [str(_FIRST_ISSUE + at) for at in range(chats)]
        self.database = folder / "bridge.db"
        # One more connection than workers each for the poll and the feed.
        self._transport = unpaced(HttpTransport(pool_size=workers + 2))
        site = SiteSettings(
            url=far.url,
            name=SITE,
            account="bot@acme.example",
            token=Secret("token"),
            hint_secret=Secret(_HINT_SECRET.decode()),
        )
        self.bridge = Bridge(
            storage=f"sqlite:{self.database}",
            root_keys=root_key_from_text(new_root_key()),
            sites=[CloudDesk(site)],
            public_url="https://bridge.example",
            plugins=Plugins(),
            workers=workers,
            timings=timings,
            transport=self._transport,
        )
        self._set_up(mode)

    def _set_up(self, mode: str) -> None:
        engine = self.bridge.engine
        settings = ProjectSettings(
            name="support", site=SITE, service_desk="1", request_type="25", language="en"
        )
        adapter = {"token": TOKEN, "api_url": self.far.url, "webhook_secret": _HOOK_SECRET}
        bot = BotRecord("telegram", BOT_ID, "acme_bot", mode, adapter)
        engine.vault.create(Project(settings, (bot,)))
        engine.roster.refresh()
        told = Told(opened=True, status=engine.marks.status_mark(canned.STATUS))
        for chat, issue in zip(self.chats, self.issues, strict=True):
            engine.vault.create(link_of(issue, chat, told))
            engine.vault.create(
                Conversation("telegram", BOT_ID, str(chat), (issue,), issue, greeted=True)
            )
        desk = engine.roster.desk(SITE)
        desk.call(desk.desk.identify())

    def webhook(self, number: int, chat: int) -> WebhookRequest:
        """Return a genuine webhook of a new message."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": _HOOK_SECRET}
        return WebhookRequest(headers, canned.update(number, chat))

    def hook_token(self) -> str:
        """Return the last part of the path of the bot's webhook."""
        bot = self.bridge.engine.roster.bot("telegram", BOT_ID)
        assert bot is not None
        return self.bridge.webhook_url(bot[1]).rpartition("/")[2]

    def settle(self, seconds: float = 30.0) -> None:
        """Return once nothing is queued or under way."""
        engine = self.bridge.engine
        until = time.monotonic() + seconds
        while (due := engine.queue.next_due) is not None and due < 30.0:
            if time.monotonic() > until:
                raise TimeoutError("the bridge did not finish")
            time.sleep(0.002)

    def hint(self, issue: str, comment: int | None = None) -> None:
        """Bring a genuine webhook of Jira."""
        assert self.bridge.receive_hint(SITE, hint_about(issue, comment)).status == 200

    def hint_all(self, issues: Sequence[str]) -> None:
        """Bring one for each of the issues."""
        for issue in issues:
            self.hint(issue)

    def close(self) -> None:
        """Stop the bridge and its connections."""
        self.bridge.close()
        self._transport.close()


def link_of(issue: str, chat: int, told: Told) -> Link:
    """Return a link as a conversation in full swing has it."""
    return Link(SITE, issue, "telegram", BOT_ID, str(chat), None, "support", told=told)


def hint_about(issue: str, comment: int | None) -> WebhookRequest:
    """Return a webhook of Jira that says that a comment was made, signed as Jira signs."""
    told = {
        "timestamp": 1_795_000_000_000,
        "webhookEvent": "comment_created",
        "comment": {"id": str(comment or 1), "body": canned.TEXT},
        "issue": {"id": issue, "key": f"SUP-{issue}", "fields": {"summary": "A request"}},
    }
    body = json.dumps(told).encode()
    digest = hmac.new(_HINT_SECRET, body, hashlib.sha256).hexdigest()
    return WebhookRequest({"X-Hub-Signature": f"sha256={digest}"}, body)


@contextmanager
def staged(
    far: FarControl,
    *,
    mode: str = "webhook",
    chats: int = 200,
    workers: int = 16,
    timings: Timings | None = None,
) -> Iterator[Stage]:
    """Give a stage in a folder of its own, started, and clear it away."""
    with TemporaryDirectory(prefix="chatbridge-benchmark-") as folder:
        stage = Stage(far, Path(folder), mode=mode, chats=chats, workers=workers, timings=timings)
        try:
            stage.bridge.start()
            stage.settle()
            yield stage
        finally:
            stage.close()
