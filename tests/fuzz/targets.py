"""Every parser of what comes from outside, as a function of bytes; the same for all fuzzers.

A target lets only the errors pass that its parser documents; whatever else it raises is a find. It
has no network, thread or clock, so that one input does the same every time.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from attrs import evolve

from chatbridge.adapter import BotIdentity
from chatbridge.capabilities import Capabilities
from chatbridge.configuration import read_configuration
from chatbridge.content import Address
from chatbridge.desk import NewRequest
from chatbridge.errors import (
    ConfigurationError,
    DeliveryError,
    StorageError,
    WebhookPayloadError,
    WebhookVerificationError,
)
from chatbridge.exchange import Exchange, Party
from chatbridge.http_types import Headers, HttpResponse, WebhookRequest
from chatbridge.jira import CloudDesk, DataCenterDesk, JiraDesk, SiteSettings
from chatbridge.jira.adf_read import read_adf
from chatbridge.jira.adf_write import adf_length, write_adf
from chatbridge.jira.characters import clean
from chatbridge.jira.hints import parse_hint, verify_hint
from chatbridge.jira.html_read import read_html
from chatbridge.jira.wiki import APART, escape_document, same_text
from chatbridge.jira.wiki_read import read_wiki
from chatbridge.jira.wiki_write import write_wiki
from chatbridge.keys import root_key_from_text
from chatbridge.keyset import Keyset
from chatbridge.keyset_wrapping import unwrap_keyset, wrap_keyset
from chatbridge.links import Link
from chatbridge.marks import Marks
from chatbridge.memory_storage import MemoryStorage
from chatbridge.outgoing import OutgoingMessage, RequestLabel
from chatbridge.records import Claim, Conversation, Project
from chatbridge.rendering import Draft, cut
from chatbridge.richtext import Document, Paragraph, Text
from chatbridge.routes import destination
from chatbridge.sealing import Sealer
from chatbridge.secret import Secret
from chatbridge.vault import Vault
from chatbridge_telegram import TelegramAdapter, TelegramSettings

SITE = "https://acme.atlassian.net"
TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
ROUNDS = 2_000
"""More calls than the exchange with the most pages makes on answers that never end."""

_KEY = bytes(range(32))
_KEYSET = Keyset.new()
_SEALER = Sealer(_KEYSET)
_MARKS = Marks(_SEALER)
_TELEGRAM = TelegramAdapter(
    TelegramSettings(token=Secret(TOKEN), webhook_secret=Secret("a-webhook-secret")),
    BotIdentity(TOKEN.partition(":")[0], "helpdesk_bot", "Help"),
)
_SITE = SiteSettings(
    url=SITE, account="a@b.example", token=Secret("t0ken"), hint_secret=Secret("signing"),
    hint_header_secret=Secret("static"),
)  # fmt: skip
_OWN_SITE = SiteSettings(url="https://jira.example", token=Secret("t0ken"))
_DRAFT = NewRequest(
    service_desk="10", request_type="25", summary="x", description=Document.from_plain("x"),
    marker="cbk7q2m4d9x",
)  # fmt: skip
_STATUSES = (200, 200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 409, 413, 429, 500, 503)
_SHOWN = OutgoingMessage(address=Address("7"), key="0" * 32, text=Document.from_plain("x"))


def telegram_webhook(data: bytes) -> None:
    """A body at the webhook's address: events that can be shown and kept, or a payload error."""
    with suppress(WebhookPayloadError):
        for event in _TELEGRAM.parse(WebhookRequest({}, data)):
            _look_at(event)


def telegram_answer(data: bytes) -> None:
    """What the server answers to any call: a result, or an error that says what to do next."""
    exchanges: tuple[Callable[[], Exchange[Any]], ...] = (
        lambda: _TELEGRAM.poll("5", 1.0), _TELEGRAM.identify, lambda: _TELEGRAM.send(_SHOWN),
        _TELEGRAM.webhook_state, lambda: _TELEGRAM.edit("5", _SHOWN),
    )  # fmt: skip
    which, answer = _answer(data)
    result = _drive(exchanges[which % len(exchanges)](), answer)
    for update in getattr(result, "updates", ()):
        for event in update.events:
            _look_at(event)


def jira_hint(data: bytes) -> None:
    """A webhook of Jira: ids of digits, or a payload error; no proof by chance."""
    webhook = WebhookRequest({"X-Hub-Signature": _text(data[:90])}, data)
    try:
        verify_hint(_SITE, webhook)
        raise AssertionError("a webhook without a proof is believed")
    except WebhookVerificationError:
        pass
    with suppress(WebhookPayloadError):
        (hint,) = parse_hint(webhook)
        assert hint.issue_id.isdecimal() or hint.issue_key
        assert hint.comment_id is None or hint.comment_id.isdecimal()


def jira_answer(data: bytes) -> None:
    """What the site answers to any call: a result, or an error that says what to do next."""
    desk: JiraDesk = CloudDesk(_SITE) if len(data) % 3 else DataCenterDesk(_OWN_SITE)
    exchanges: tuple[Callable[[], Exchange[Any]], ...] = (
        lambda: desk.public_comments("1"), lambda: desk.cross_read("1", ("1", "2")),
        lambda: desk.read_request("1"), lambda: desk.changes(("10",), 5),
        lambda: desk.open_request(_DRAFT), lambda: desk.find_request(_DRAFT),
        lambda: desk.add_comment("1", _DRAFT.description, "m"),
        lambda: desk.find_comments("1", frozenset({"m"})), lambda: desk.add_note("1", "x"),
        lambda: desk.has_note("1", "x"), lambda: desk.request_type("10", "25"),
        lambda: desk.request_types("10"), desk.identify,
        lambda: desk.permissions("10", ("ADD_COMMENTS",)), desk.time,
    )  # fmt: skip
    which, answer = _answer(data)
    _drive(desk.identify(), HttpResponse(200, body=b'{"accountId": "me", "key": "me"}'))
    result = _drive(exchanges[which % len(exchanges)](), answer)
    for comment in result if isinstance(result, (tuple, list)) else ():
        assert repr(comment)
        if hasattr(comment, "comment_id"):
            assert comment.comment_id.isdecimal()
            comment.body.plain().encode()


def adf(data: bytes) -> None:
    """The body of a comment: a document that can be shown, measured, cut and written again."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return
    document = read_adf(body)
    plain = document.plain()
    plain.encode()
    assert adf_length(document) > 0
    write_adf(document)
    assert same_text(escape_document(document), plain)


def wiki(data: bytes) -> None:
    """A text in wiki markup: a document that can be shown and written again without losing a word.

    Written as data, the same text reads as itself, without a mark or link.
    """
    text = clean(_text(data))
    document = read_wiki(text)
    said = Counter(_letters(document.plain()))
    again = Counter(_letters(read_wiki(write_wiki(document)).plain()))
    assert not said - again
    if more := again - said:
        # A link whose text cannot stand in brackets has its address behind it, as browsers send it.
        addresses = "".join(_addresses(document))
        assert not more - Counter(_letters(addresses + quote(addresses)))
    as_data = read_wiki(write_wiki(Document.from_plain(text)))
    assert text.replace(APART, "").split() == as_data.plain().split()
    for block in as_data.blocks:
        assert isinstance(block, Paragraph)
        for node in block.content:
            assert isinstance(node, Text) and not node.marks and node.link is None


def rendered_html(data: bytes) -> None:
    """A rendered body: a document that can be shown and written, whose links leave the site."""
    document = read_html(_text(data), site=SITE)
    document.plain().encode()
    assert adf_length(document) > 0
    # As a host: further on in an address it may be anything, such as a part of a path.
    assert urlsplit(SITE).hostname not in map(_host, _addresses(document))


def _letters(text: str) -> str:
    """Return all letters and digits: what cannot be said in a place may move."""
    return "".join(filter(str.isalnum, text))


def _addresses(document: Document) -> list[str]:
    return re.findall(r'"href": "([^"\\]*)', json.dumps(write_adf(document), ensure_ascii=False))


def rendering(data: bytes) -> None:
    """Any text: every part fits the platform, and no word is lost between them."""
    limits = Capabilities(max_text_length=60 + 16 * (data[0] if data else 0), length_unit="utf16")
    text = _text(data[1:])
    draft = Draft(item="1", text=Document.from_plain(text), label=RequestLabel("HELP-1", "h"))
    parts = cut(
        draft, Address("7"), limits, digest=lambda plain, at: f"{at}{plain}", key=lambda mark: mark
    )
    shown = "".join(part.message.text.plain() for part in parts)
    assert "".join(draft.text.plain().split()) == "".join(shown.split())
    assert len(parts) == len({part.digest for part in parts})
    for part in parts:
        _drive(_TELEGRAM.send(part.message), HttpResponse(200, body=b'{"ok": true}'))


def record(data: bytes) -> None:
    """What stands inside a sealed record: a record of its kind, or an error of the storage."""
    kinds = (Link, Conversation, Project, Claim)
    kind = kinds[data[0] % len(kinds)] if data else Link
    key = _SEALER.index(kind.kind, "x", "y")
    storage = MemoryStorage()
    schema = data[1] % 4 if len(data) > 1 else 1
    vault = Vault(storage, _SEALER)
    try:
        storage.put(key, _SEALER.seal(key, schema, data[2:]))
    except StorageError:
        return
    with suppress(StorageError):
        vault.read_key(kind, key)
    with suppress(StorageError):
        vault.read(kind, "x", "y")
    for kept in vault.scan(kind):
        assert ("x", "y") == kept.record.identity()
        assert repr(kept.record)


def sealed(data: bytes) -> None:
    """Bytes in the place of a record or of the keyset: never content, always a storage's error."""
    key = "link:" + "0" * 32
    for read in (
        lambda: _SEALER.unseal(key, data),
        lambda: unwrap_keyset(data, [_KEY]),
        lambda: unwrap_keyset(_WRAPPED[: len(data)] + data, [_KEY]),
        lambda: _SEALER.unseal(key, _SEALED[: len(data)] + data),
    ):
        try:
            read()
        except (StorageError, ConfigurationError):
            continue
        raise AssertionError("forged bytes were opened")
    with suppress(StorageError):
        Keyset.from_bytes(data)


_WRAPPED = wrap_keyset(_KEYSET, [_KEY])
_SEALED = _SEALER.seal("link:" + "0" * 32, 1, b"[]")


def root_key(data: bytes) -> None:
    """A text in the place of a root key: a key, or an error that shows nothing of it."""
    text = _text(data)
    try:
        key = root_key_from_text(text)
    except ConfigurationError as error:
        assert str(error) in _KEY_ERRORS
        return
    assert len(key.reveal()) == 32


def _key_error(text: str) -> str:
    try:
        root_key_from_text(text)
    except ConfigurationError as error:
        return str(error)
    raise AssertionError("that is no root key")


_KEY_ERRORS = {_key_error(text) for text in ("", "x", "chatbridge-root-1.x")}
"""All errors there are: one of them never depends on what was given."""


def choice(data: bytes) -> None:
    """What a press or a link carries: nothing that we did not sign means anything."""
    text = _text(data)
    here = Address("7", None)
    assert _MARKS.read_choice(text, here, 0.0) is None
    assert not _MARKS.is_ours("acme", "1", text)
    signed = _MARKS.sign_choice("more", "handle", here, 600.0)
    for forged in (signed + text, text + signed, signed[: len(data)] + text):
        assert forged == signed or _MARKS.read_choice(forged, here, 0.0) is None


def configuration(data: bytes) -> None:
    """A configuration file: a configuration, or an error that names the mend."""
    with suppress(ConfigurationError):
        _FILE.write_bytes(data)
        _FILE.chmod(0o600)
        read_configuration(_FILE, environment={})


_FOLDER = tempfile.TemporaryDirectory(prefix="fuzz-")
_FILE = Path(_FOLDER.name) / "chatbridge.toml"


def headers(data: bytes) -> None:
    """Header fields of an answer or a webhook: a wait that is one, a proof or its error."""
    names = ("Retry-After", "Date", "RateLimit-Reason", "X-Telegram-Bot-Api-Secret-Token")
    values = _text(data, "latin-1").split("\n")
    fields = Headers(zip(names, [*values, "", "", "", ""], strict=False))
    wait = HttpResponse(429, fields).retry_after
    assert wait is None or 0 <= wait < 1e12
    with suppress(DeliveryError):
        HttpResponse(503, fields).check()
    _drive(CloudDesk(_SITE).time(), HttpResponse(200, fields, b'{"accountId": "me"}'))
    with suppress(WebhookVerificationError):
        _TELEGRAM.verify(WebhookRequest(fields, b""))
        assert fields["X-Telegram-Bot-Api-Secret-Token"] == "a-webhook-secret"


def address(data: bytes) -> None:
    """A URL that a far side names: it leads to a configured origin, or nowhere."""
    party = Party("site", frozenset({"https://acme.atlassian.net:443"}))
    for url in (_text(data), SITE + _text(data), "https:" + _text(data)):
        with suppress(ConfigurationError):
            assert destination(url, party).origin in party.origins


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        telegram_webhook, telegram_answer, jira_hint, jira_answer, adf, wiki, rendered_html,
        rendering, record, sealed, root_key, choice, configuration, headers, address,
    )
}  # fmt: skip


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _text(data: bytes, encoding: str = "utf-8") -> str:
    """Return a text that JSON from outside could hold, lone surrogates included."""
    if encoding == "utf-8":
        return data.decode("utf-8", "surrogateescape")
    return data.decode(encoding)


def _answer(data: bytes) -> tuple[int, HttpResponse]:
    """Return which exchange is meant, and the answer that it gets."""
    which, status = (data[0], data[1]) if len(data) > 1 else (0, 0)
    return which, HttpResponse(_STATUSES[status % len(_STATUSES)], body=data[2:])


def _drive(exchange: Exchange[Any], answer: HttpResponse) -> Any:
    """Give one answer to all of an exchange's calls; return its result, None where it fails."""
    try:
        request = next(exchange)
        for _ in range(ROUNDS):
            request = exchange.send(evolve(answer, repeatable=request.is_repeatable))
    except StopIteration as end:
        return end.value
    except DeliveryError:
        return None
    raise AssertionError("the exchange does not end")


def _look_at(event: Any) -> None:
    """Do with an event what the bridge does with every one."""
    assert repr(event)
    event.event_id.encode()
    _MARKS.event_key("telegram", "1", event.event_id)
    if event.address.chat:
        event.address.chat.encode()
    text = getattr(event, "text", None)
    if isinstance(text, Document):
        text.plain().encode()
        write_adf(text)
        escape_document(text)
