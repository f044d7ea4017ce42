"""What the Jira administrator decides for a project; every setting has a default and a meaning.

Settings are values. Whether they fit the live site is asked elsewhere, before they are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import Attribute, define, frozen

from chatbridge.content import FileKind
from chatbridge.desk import MarkerRung
from chatbridge.settings import between, one_of, setting

_NAME = "abcdefghijklmnopqrstuvwxyz0123456789-"


def _project_name(_owner: Any, _attribute: Attribute[Any], value: str) -> None:
    if not 1 <= len(value) <= 40 or set(value) - set(_NAME) or value.startswith("-"):
        raise ValueError("must be 1 to 40 characters of a-z, 0-9 and -")


def _not_empty(_owner: Any, _attribute: Attribute[Any], value: str) -> None:
    if not value.strip():
        raise ValueError("must not be empty")


def _kinds(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(str, value))


def _known_kinds(_owner: Any, _attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    unknown = sorted(set(value) - set(FileKind))
    if unknown:
        raise ValueError(f"does not know {', '.join(unknown)} (known: {', '.join(FileKind)})")


def _marker_rung(value: str) -> MarkerRung:
    if value not in set(MarkerRung):
        raise ValueError(f"marker_rung must be one of {', '.join(MarkerRung)}")
    return MarkerRung(value)


def _known_texts(_owner: Any, _attribute: Attribute[Any], value: dict[str, str]) -> None:
    from chatbridge.texts import DEFAULTS, placeholders

    for name, text in value.items():
        if name not in DEFAULTS:
            raise ValueError(f"does not know the text '{name}' (known: {', '.join(DEFAULTS)})")
        known = placeholders(DEFAULTS[name])
        extra = placeholders(text) - known
        if extra:
            raise ValueError(f"text '{name}' has unknown placeholders: {', '.join(sorted(extra))}")
        text.format_map(dict.fromkeys(known, "x"))


@frozen
class ProjectSettings:
    """What the administrator decides for one project."""

    name: str = setting("short name of the project in chatbridge", validator=_project_name)
    site: str = setting("name of the Jira site; not needed where there is only one", default="")
    service_desk: str = setting("service desk: its id or project key", validator=_not_empty)
    request_type: str = setting("id of the request type of new requests", validator=_not_empty)
    language: str = setting("language of the bot's own texts, such as en or uk", default="en")
    texts: dict[str, str] = setting(
        "texts of the bot to use instead of its own, by name", default={}, validator=_known_texts
    )
    privacy_notice: str = setting(
        "what a customer is told at the first contact",
        default="Your messages are passed on to our support team's Jira.",
    )
    closed_statuses: tuple[str, ...] = setting(
        "status names that end a conversation; empty: every status of the category done",
        default=(),
    )
    announce: str = setting(
        "which status changes the customer is told: all, closed or none",
        default="all",
        validator=one_of("all", "closed", "none"),
    )
    agent_name: str = setting(
        "what customers see of an agent's name: shown, alias or hidden",
        default="shown",
        validator=one_of("shown", "alias", "hidden"),
    )
    agent_alias: str = setting("the name shown where agent_name is alias", default="Support")
    contact_name: bool = setting("whether Jira shows the customer's chat name", default=True)
    customer_files: tuple[str, ...] = setting(
        "kinds of files that customers may send; empty: none",
        default=tuple(FileKind),
        validator=_known_kinds,
        converter=_kinds,
    )
    agent_files: bool = setting("whether files of public comments are shown in chats", default=True)
    max_file_megabytes: int = setting(
        "the largest file that is carried, either way, in millions of bytes",
        default=50,
        validator=between(1, 2000),
    )
    agent_edits: bool = setting(
        "whether a chat is shown what an agent changed in a comment afterwards", default=True
    )
    max_open_requests: int = setting(
        "open requests of one chat; further messages become comments",
        default=5,
        validator=between(1, 50),
    )
    ask_after_days: int = setting(
        "days without a word in a request after which its chat, which may have another owner by "
        "then, is asked before an answer is shown there; 0: never",
        default=0,
        validator=between(0, 3650),
    )
    marker_rung: MarkerRung = setting(
        "where a new request carries its reference: field, description or label",
        default=MarkerRung.DESCRIPTION,
        converter=_marker_rung,
    )
    marker_field: str | None = setting(
        "id of the text field that holds the reference, for marker_rung field", default=None
    )


@define(frozen=True)
class Timings:
    """How long the bridge waits for what; seconds.

    The defaults hold for real services; tests and demonstrations shorten some.
    """

    feed_every: float = setting("pause between two looks at the change feed", default=10.0)
    feed_as_net: float = setting("the same where webhooks bring hints", default=300.0)
    feed_overlap: int = setting("minutes that two looks overlap, against index lag", default=5)
    lease: float = setting("how long an unchanged claim counts as alive", default=60.0)
    comment_settle: float = setting("wait after a comment of unknown outcome", default=60.0)
    request_settle: float = setting("wait after a request of unknown outcome", default=120.0)
    witness: float = setting("how old a read may be when its comment is sent", default=10.0)
    slow_witness: float = setting(
        "the same for a site that has been too slow for it three times in a row", default=60.0
    )
    poll_wait: float = setting("how long a long poll waits at the platform", default=45.0)
    upkeep_every: float = setting("pause between two looks for unfinished work", default=600.0)
    full_pass_every: float = setting(
        "in which time each link is looked at once without news, longer from 45,000 links on",
        default=604800.0,
    )
    new_per_minute: float = setting(
        "new requests of a project that one process opens in a minute; others are asked to wait",
        default=60.0,
    )
    burst: int = setting("unsent comments of one request that are sent unasked", default=10)
    answers_per_hour: int = setting(
        "answers of one request that one process shows in an hour; with more, the link is held "
        "and agents are told, since two programs may be answering each other",
        default=120,
        validator=between(1, 1_000_000),
    )
