"""`MatrixAdapter`: the Client-Server API of Matrix as exchanges and events.

Pure: it describes calls and reads answers, and has no clock, storage, thread or network.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from attrs import evolve

import chatbridge as cb
from chatbridge.richtext import Mark

from . import messages, transactions
from .calls import MatrixSettings, call, checked
from .lookups import Lookups
from .reading import INVITED
from .sync import Sync

_MEDIA = re.compile(r"mxc://([A-Za-z0-9.:\[\]-]{1,255})/([A-Za-z0-9_-]{1,255})")
_UNSAID = {"", "application/octet-stream"}


class MatrixAdapter(cb.Adapter):
    """Translator for Matrix; a chat is a room."""

    name: ClassVar[str] = "matrix"
    settings_schema: ClassVar[type[Any]] = MatrixSettings
    capabilities: ClassVar[cb.Capabilities] = cb.Capabilities(
        max_text_length=messages.MAX_TEXT,
        length_unit=cb.LengthUnit.BYTE,
        marks=frozenset(Mark),
        links=True,
        blocks={"code", "quote"},
        files="upload",
        file_limits=messages.FILE_LIMITS,
        edits=None,
        replies=True,
        threads=True,
        idempotent=True,
        proof=cb.Proof.SHARED_SECRET,
        webhook_routes=transactions.ROUTES,
        ordered=True,
        answer_within=30.0,
        horizon=30 * 86400.0,
        position="ours",
        poll_pause=0.5,
    )
    settings: MatrixSettings

    def urls(self) -> tuple[str, ...]:
        """See `Adapter.urls`."""
        return (self.settings.homeserver,)

    def identify(self) -> cb.Exchange[cb.BotIdentity]:
        """See `Adapter.identify`."""
        path = ("client", "v3", "account", "whoami")
        found = checked((yield call(self.settings, "GET", path))).json_object("user_id")
        return cb.BotIdentity(bot_id=str(found["user_id"]), username=str(found["user_id"]))

    def verify(self, webhook: cb.WebhookRequest) -> None:
        """See `Adapter.verify`."""
        transactions.verify(self.settings, webhook)

    def parse(self, webhook: cb.WebhookRequest) -> list[cb.Event]:
        """See `Adapter.parse`."""
        return transactions.parse(webhook, self._bot())

    def complete(self, events: list[cb.Event]) -> cb.Exchange[list[cb.Event]]:
        """See `CompletesEvents.complete`: joins rooms, and looks up what replies answer.

        The homeserver does not bring what was written before the bot was in a room.
        """
        lookups, found = Lookups(self.settings, self._bot()), []
        for event in events:
            found.append((yield from lookups.with_reply(event)))
            if isinstance(event, cb.NothingToDo) and event.reason == INVITED:
                room = event.address.chat
                if (yield from lookups.join(room)):
                    found += yield from lookups.waited(room, event.event_id)
        return found

    def answer(self, webhook: cb.WebhookRequest, welcome: str | None) -> cb.WebhookAnswer:
        """See `AnswersWebhooks.answer`."""
        del welcome
        return transactions.answer(webhook)

    def poll(self, position: str | None, wait: float) -> cb.Exchange[cb.Batch]:
        """See `Polls.poll`."""
        return (yield from Sync(self.settings, self._bot()).poll(position, wait))

    def send(self, message: cb.OutgoingMessage) -> cb.Exchange[cb.Receipt]:
        """See `Adapter.send`."""
        return (yield from messages.send(self.settings, message))

    def edit(self, message_id: str, message: cb.OutgoingMessage) -> cb.Exchange[cb.Receipt]:
        """See `EditsMessages.edit`."""
        return (yield from messages.edit(self.settings, message_id, message))

    def fetch(self, attachment: cb.Attachment) -> cb.Exchange[cb.Content]:
        """See `FetchesFiles.fetch`; servers before version 1.11 know the older path only."""
        place = _MEDIA.fullmatch(attachment.ref)
        if place is None:
            raise cb.RefusedError(cb.Refusal.BAD_FILE, "the message names no file of a server")
        response = None
        for prefix in (("client", "v1", "media"), ("media", "v3")):
            path = (*prefix, "download", place[1], place[2])
            response = yield call(self.settings, "GET", path, stream=True)
            if response.status != 404:
                break
        assert response is not None
        if response.status in {403, 404, 410}:
            raise cb.RefusedError(
                cb.Refusal.BAD_FILE, "the file is not there", status=response.status
            )
        content = checked(response).content
        if content is None:
            raise cb.RetryLaterError("the answer to a download has no body")
        said = content.media_type.partition(";")[0].strip().lower()
        claimed = attachment.media_type
        return evolve(content, media_type=claimed) if claimed and said in _UNSAID else content

    def typing(self, message: cb.OutgoingMessage) -> cb.Exchange[None]:
        """See `ShowsTyping.typing`; whatever goes wrong stays unsaid."""
        path = ("client", "v3", "rooms", message.address.chat, "typing", self._bot())
        try:
            checked(
                (yield call(self.settings, "PUT", path, json={"typing": True, "timeout": 9000}))
            )
        except cb.DeliveryError:
            return

    def _bot(self) -> str:
        return self.identity.bot_id if self.identity else ""
