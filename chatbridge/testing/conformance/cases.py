"""What an author gives to a conformance suite: an `AdapterCase` or a `StorageCase`, as values.

Needs no pytest, so that a package can ship its case in a module named `conformance`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

from chatbridge.adapter import Adapter, BotIdentity
from chatbridge.clock import Clock
from chatbridge.content import Address
from chatbridge.errors import ConfigurationError
from chatbridge.events import EventOrigin
from chatbridge.http_types import HttpRequest, HttpResponse, WebhookRequest
from chatbridge.settings import structure
from chatbridge.storage import Storage
from chatbridge.testing.simulator import Simulator

_HEADERS = ".headers.json"


@frozen
class Payload:
    """One recorded webhook, or one recorded answer to a poll where a platform has no webhooks.

    Args:
        name: of its file.
        kind: the class of the events that it holds.
        body: its bytes, as they came.
        headers: recorded with it, None where there is no such file.
        polled: whether it is an answer to a poll.
    """

    name: str
    kind: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    polled: bool = False


@frozen(kw_only=True)
class AdapterCase:
    """An adapter, and what its tests need to know of the platform.

    Args:
        adapter: the class.
        settings: of a bot, as in `chatbridge.toml`; secrets of at least 8 characters, all
            different, none of them real.
        payloads: the folder of recorded webhooks, or, for an adapter without webhooks, of recorded
            answers to `poll`. A file is named `<class of the event>.<what it shows>.json`, such as
            `MessageReceived.text.json`; the headers that were recorded with it stand in
            `MessageReceived.text.headers.json`, as one object.
        polled: the folder of recorded answers to `poll`, named likewise, of an adapter that has
            webhooks besides, and of another shape.
        prove: returns the header fields by which a body proves itself under these settings; not
            needed where every payload has its recorded headers.
        position: from which recorded answers to `poll` were asked for; None: the first time.
        received_at: the Unix seconds at which the payloads came, for signed timestamps.
        identity: who the bot is, where the adapter needs to know it.
        address: a chat to write to, in the platform's own form.
        message_id: a message in the platform's own form.
        answer: what the platform answers to a call that succeeds; not needed with a simulator.
        simulator: makes the platform's simulator on a clock; None where there is none.
        chat: what the simulator's actions take as `chat`.
    """

    adapter: type[Adapter]
    settings: Mapping[str, Any] = field(repr=False)
    payloads: Path
    polled: Path | None = None
    prove: Callable[[bytes], Mapping[str, str]] | None = None
    position: str | None = None
    received_at: float = 0.0
    identity: BotIdentity | None = None
    address: Address = field(factory=lambda: Address("1001"))
    message_id: str = "1"
    answer: Callable[[HttpRequest], HttpResponse] | None = None
    simulator: Callable[[Clock], Simulator] | None = None
    chat: Any = 1001

    def make(self, **changes: Any) -> Adapter:
        """Return a fresh adapter.

        Args:
            changes: settings to use instead.

        Raises:
            ConfigurationError: the settings do not fit the adapter's schema.
        """
        given = {**self.settings, **changes}
        where = f"the settings of the case of {self.adapter.name}"
        settings: Any = structure(given, self.adapter.settings_schema, where=where)
        return self.adapter(settings, self.identity)

    def recorded(self) -> list[Payload]:
        """Return the recorded payloads, sorted by name.

        Raises:
            ConfigurationError: there is none, or a file is named in another way.
        """
        by_webhook = self.adapter.capabilities.proof is not None
        found = _read_all(self.payloads, polled=not by_webhook)
        return found if self.polled is None else [*found, *_read_all(self.polled, polled=True)]

    def webhook(self, payload: Payload) -> WebhookRequest:
        """Return a payload as the genuine webhook that it was."""
        headers = payload.headers
        if headers is None:
            headers = {} if self.prove is None else self.prove(payload.body)
        return WebhookRequest(headers, payload.body, received_at=self.received_at)


@frozen(kw_only=True)
class StorageCase:
    """A storage, and how its tests open it.

    Args:
        open: opens the storage that lives in a folder; called again with the same folder, it opens
            the same records. What it opens for a new folder is empty.
        outlives: whether records outlive the object that wrote them.
        shared: whether several processes may open it at once.
        pass_time: lets that many seconds pass for the storage; None: the tests really wait.
        service: starts what the storage of this folder lives in, such as a server, and ends it;
            raises `unittest.SkipTest` with the reason where this machine has none.
    """

    open: Callable[[Path], Storage]
    outlives: bool = True
    shared: bool = True
    pass_time: Callable[[float], None] | None = None
    service: Callable[[Path], AbstractContextManager[object]] | None = None


def event_kinds() -> dict[str, type[Any]]:
    """Return name -> class of every event."""
    return {kind.__name__: kind for kind in EventOrigin.__subclasses__()}


def _read_all(folder: Path, *, polled: bool) -> list[Payload]:
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [evolve(_read(file), polled=polled) for file in files if _is_payload(file)]
    if not found:
        raise ConfigurationError(f"there is no payload in {folder.name}/")
    return found


def _is_payload(file: Path) -> bool:
    named = not file.name.startswith((".", "_")) and file.suffix not in {".py", ".md"}
    return file.is_file() and named and not file.name.endswith(_HEADERS)


def _read(file: Path) -> Payload:
    kind = file.name.partition(".")[0]
    if kind not in event_kinds():
        known = ", ".join(sorted(event_kinds()))
        raise ConfigurationError(
            f"the payload {file.name} must be named after its event, such as "
            f"MessageReceived.text.json (known: {known})"
        )
    beside = file.with_name(file.name.removesuffix(file.suffix) + _HEADERS)
    headers = json.loads(beside.read_text(encoding="utf-8")) if beside.is_file() else None
    return Payload(file.name, kind, file.read_bytes(), headers)
