"""A project as one JSON document for another storage; its secrets are sealed or left out.

The document holds settings and bots, and nothing of chats or requests. What its sealed part says is
believed only by whoever has the private key, and shown as a change before it is kept.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from attrs import define, field, frozen

from chatbridge.errors import ConfigurationError, SealedValueError
from chatbridge.project import ProjectSettings
from chatbridge.records import Project
from chatbridge.sealing import new_key_pair, seal_to, unseal_with
from chatbridge.secret import Secret
from chatbridge.settings import structure, unstructure

FORMAT: Final = "chatbridge-project"
VERSION: Final = 1
_PUBLIC: Final = "chatbridge-transfer-public-1."
_PRIVATE: Final = "chatbridge-transfer-private-1."
_KEY_BYTES: Final = 32


@frozen
class DocumentedBot:
    """A bot as a document has it.

    Args:
        platform: the adapter's name.
        bot_id: the platform's id of it.
        username: its public name.
        mode: poll or webhook.
        settings: those that are not secret.
        withheld: names of those that are, and were set.
        secrets: those that were sealed and could be opened.
    """

    platform: str
    bot_id: str
    username: str
    mode: str
    settings: dict[str, Any] = field(repr=False)
    withheld: tuple[str, ...] = ()
    secrets: dict[str, Any] = field(factory=dict, repr=False)


@define
class ProjectDocument:
    """A project as a document has it."""

    settings: ProjectSettings
    bots: tuple[DocumentedBot, ...] = ()


def new_transfer_keys() -> tuple[Secret, str]:
    """Return a private key to keep, and the public key to which an export is sealed, as texts."""
    private, public = new_key_pair()
    return Secret(_PRIVATE + _text(private)), _PUBLIC + _text(public)


def write_document(
    project: Project, hidden: Mapping[str, set[str]], seal_for: str | None = None
) -> str:
    """Return a project as JSON.

    Args:
        project: as kept.
        hidden: platform -> names of its settings that are secret.
        seal_for: the public key of the reader; None leaves the secrets out.

    Raises:
        ConfigurationError: it is no public key.
    """
    secrets = [
        {name: value for name, value in bot.settings.items() if name in hidden[bot.platform]}
        for bot in project.bots
    ]
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "settings": unstructure(project.settings),
        "bots": [
            {
                "platform": bot.platform,
                "bot_id": bot.bot_id,
                "username": bot.username,
                "mode": bot.mode,
                "settings": {k: v for k, v in bot.settings.items() if k not in mine},
                "withheld": sorted(name for name, value in mine.items() if value),
            }
            for bot, mine in zip(project.bots, secrets, strict=True)
        ],
    }
    if seal_for is not None:
        public = _key(seal_for, _PUBLIC, "the public key")
        plain = json.dumps({"project": project.settings.name, "secrets": secrets})
        document["sealed"] = _text(seal_to(public, plain.encode()))
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def read_document(text: str, private: Secret | None = None) -> ProjectDocument:
    """Return what a document says.

    Args:
        text: the JSON.
        private: the private key; without it what is sealed stays so.

    Raises:
        ConfigurationError: it is no such document, of a newer version, wrong somewhere, or sealed
            to another key.
    """
    given = _parsed(text)
    values, listed = given.get("settings"), given.get("bots", [])
    if not isinstance(values, dict) or not isinstance(listed, list):
        raise ConfigurationError("the document is incomplete; export the project again")
    settings = structure(values, ProjectSettings, where="settings in the document")
    secrets: list[Any] = [{} for _ in listed]
    if private is not None and "sealed" in given:
        secrets = _opened(given["sealed"], private, settings.name, len(listed))
    bots = tuple(_bot(each, mine) for each, mine in zip(listed, secrets, strict=True))
    return ProjectDocument(settings, bots)


def _parsed(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict) or given.get("format") != FORMAT:
        raise ConfigurationError(
            "this is no exported project; make one with: chatbridge project export NAME"
        )
    if given.get("version") != VERSION:
        raise ConfigurationError(
            f"the document has another version than {VERSION}; use the same version of chatbridge "
            "on both sides"
        )
    return given


def _bot(given: Any, secrets: Any) -> DocumentedBot:
    values = dict(given) if isinstance(given, dict) else {}
    texts = [str(values.get(name, "")) for name in ("platform", "bot_id", "username", "mode")]
    settings, withheld = values.get("settings"), values.get("withheld", [])
    whole = all(texts) and isinstance(withheld, list)
    if not whole or not isinstance(settings, dict) or not isinstance(secrets, dict):
        raise ConfigurationError("a bot in the document is incomplete; export the project again")
    platform, bot_id, username, mode = texts
    return DocumentedBot(
        platform, bot_id, username, mode, settings, tuple(map(str, withheld)), secrets
    )


def _opened(sealed: Any, private: Secret, project: str, count: int) -> list[Any]:
    key = _key(private.reveal(), _PRIVATE, "the private key")
    told: Any = None
    # Told below, so that no cause shows what was read.
    with suppress(SealedValueError, ValueError):
        told = json.loads(unseal_with(key, urlsafe_b64decode(str(sealed))))
    secrets = told.get("secrets") if isinstance(told, dict) else None
    if not isinstance(secrets, list) or len(secrets) != count or told["project"] != project:
        raise ConfigurationError(
            "the sealed part of the document is damaged, or sealed to another key; export the "
            "project again with the public key that chatbridge project transfer-key showed"
        )
    return secrets


def _key(text: str, prefix: str, where: str) -> bytes:
    raw = b""
    if text.strip().startswith(prefix):
        try:
            raw = urlsafe_b64decode(text.strip().removeprefix(prefix))
        except ValueError:
            raw = b""
    if len(raw) != _KEY_BYTES:
        raise ConfigurationError(
            f"{where} must be one that chatbridge project transfer-key made; it begins with "
            f"{prefix}"
        )
    return raw


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode()
