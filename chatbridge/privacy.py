"""What the administrator may know and decide about what is kept: inventory, export, erasure.

Content is shown only where it was asked for, and tokens and keys never.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import field, frozen

from chatbridge.administration import Administration
from chatbridge.engine import Engine
from chatbridge.erasure import Eraser, Trace
from chatbridge.erasure_proof import ErasureProof, prove
from chatbridge.errors import ConfigurationError
from chatbridge.link_care import places_of
from chatbridge.links import Link
from chatbridge.plugins import Plugins
from chatbridge.receipts import Receipt
from chatbridge.record_kinds import (
    RECORDS,
    RecordKind,
    in_words,
    record_kinds,
    withheld,
)
from chatbridge.records import Claim, Conversation, Project
from chatbridge.storage import ShowsRemains
from chatbridge.subjects import BotKey, ChatSubject, ProjectSubject, RequestSubject, Subject

EXPORT_FORMAT: Final = "chatbridge-export-1"

ELSEWHERE: Final = (
    "the text of messages and comments, names and files: in Jira and at the platform",
    "backups of the storage, as old as they are",
)
"""What is not here, and where it is."""


@frozen
class Inventory:
    """One kind of records as it is in the storage now.

    Args:
        kind: in words; for records of an unknown kind only its name.
        count: how many there are.
        lives: how many of them are in which situation.
        unreadable: how many of them cannot be read.
    """

    kind: RecordKind
    count: int
    lives: Mapping[str, int] = field(factory=dict)
    unreadable: int = 0


class Privacy:
    """Looks at what is kept, and erases.

    Args:
        engine: the working parts.
        admin: removes projects.
        plugins: know which settings are secret.
    """

    def __init__(self, engine: Engine, admin: Administration, plugins: Plugins) -> None:
        self._vault = engine.vault
        self._roster = engine.roster
        self._clock = engine.clock
        self._admin = admin
        self._plugins = plugins

    def inventory(self) -> list[Inventory]:
        """Return what is kept of each kind, counted now, and nothing of what it says.

        Raises:
            StorageError: the storage failed.
        """
        *kinds, keyset = record_kinds()
        found = [self._counted(cls, kind) for cls, kind in zip(RECORDS, kinds, strict=True)]
        storage = self._vault.storage
        found.append(Inventory(keyset, len(storage.scan(keyset.name).rows)))
        known = {each.kind.name for each in found}
        others = storage.kinds() if isinstance(storage, ShowsRemains) else {}
        return found + [
            Inventory(RecordKind(name, "unknown to this version", (), {}, {}), count)
            for name, count in sorted(others.items())
            if name not in known
        ]

    def contents(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the kind and the fields of every record, without tokens and keys."""
        for cls in RECORDS:
            for kept in self._vault.scan(cls):
                yield cls.kind, in_words(kept.record, self._plugins)

    def chat(self, platform: str, bot: str, chat: str) -> ChatSubject:
        """Return a chat, its bot named by id or user name.

        Raises:
            ConfigurationError: no project and no record knows the bot.
        """
        for project in self._admin.projects():
            for each in project.bots:
                if each.platform == platform and bot.removeprefix("@") in (
                    each.bot_id,
                    each.username,
                ):
                    return ChatSubject(platform, each.bot_id, chat)
        talks = {
            (each.record.platform, each.record.bot_id) for each in self._vault.scan(Conversation)
        }
        links = {(each.record.platform, each.record.bot_id) for each in self._vault.scan(Link)}
        if (platform, bot) in talks | links:
            return ChatSubject(platform, bot, chat)
        raise ConfigurationError(
            f"nothing is kept of a bot '{bot}' on '{platform}'; 'chatbridge project list' names "
            "the bots"
        )

    def request(self, issue: str, site: str | None = None) -> RequestSubject:
        """Return a customer request.

        Args:
            issue: its id, or its key, which Jira is asked about.
            site: where it is; needed where it may be on several.

        Raises:
            ConfigurationError: it is not known which one is meant.
            DeliveryError: Jira cannot be asked now.
        """
        if issue.isdigit():
            places = {(name, issue) for name in self._sites_of(issue)}
        else:
            places = places_of(self._roster, issue)
        places = {place for place in places if site in {None, place[0]}}
        if len(places) != 1:
            where = "the site" if site is None else f"the site '{site}'"
            raise ConfigurationError(
                f"issue {issue} is not known on {where}; name it by its id, as it is in the "
                "export of its chat, if it is gone from Jira"
                if not places
                else f"issue {issue} is on several sites; name one with --site: "
                + ", ".join(sorted(name for name, _ in places))
            )
        ((name, issue_id),) = places
        elsewhere = frozenset(
            (bot.platform, bot.bot_id)
            for project in self._admin.projects()
            for bot in project.bots
            if project.settings.site != name
        )
        return RequestSubject(name, issue_id, elsewhere)

    def project(self, name: str, *, or_gone: bool = False) -> ProjectSubject:
        """Return a project.

        Args:
            name: of the project.
            or_gone: whether it may be erased already; then the subject is what it may have left
                behind, which is whatever belongs to no project now.

        Raises:
            ConfigurationError: there is none of this name; or some project cannot be read, so that
                nobody can tell what belongs to none.
        """
        if not or_gone or self._is_kept(name):
            return self._admin.subject(name)
        return self._left_of(name)

    def export(self, subject: Subject) -> dict[str, Any]:
        """Return all that is kept about a subject, as JSON-able values; secrets are named only.

        Args:
            subject: from `chat`, `request` or `project`.

        Raises:
            StorageError: the storage failed.
        """
        records: list[dict[str, Any]] = []
        hidden: list[str] = []
        unreadable: list[str] = []
        for cls in RECORDS:
            for kept in self._vault.scan(cls, unreadable.append):
                share = subject.share_of(kept.record)
                if share is None:
                    continue
                at = len(records)
                hidden += [f"records[{at}].{place}" for place in withheld(share, self._plugins)]
                records.append(self._exported(kept.record, share))
        now = datetime.datetime.fromtimestamp(int(self._clock.time()), datetime.UTC)
        return {
            "format": EXPORT_FORMAT,
            "made": now.isoformat(),
            "records": records,
            "meanings": self._meanings({each["kind"] for each in records}),
            "withheld": [*hidden, "the keys of the storage"],
            "unreadable_records": len(unreadable),
            "kept_elsewhere": list(ELSEWHERE),
        }

    def erase(self, subject: Subject) -> ErasureProof:
        """Remove every record about a subject and prove it; calling it again is safe.

        It holds in all processes at once. What the customer writes from then on begins anew.

        Args:
            subject: from `chat`, `request` or `project`.

        Raises:
            StorageError: the storage failed; call it again.
        """
        traces: list[Trace] = []
        if isinstance(subject, ProjectSubject) and self._is_kept(subject.name):
            traces += self._admin.erase_project(subject.name)
        else:
            traces += Eraser(self._vault).erase(subject)
        return prove(self._vault, subject, traces)

    def _counted(self, cls: type[Any], kind: RecordKind) -> Inventory:
        unreadable: list[str] = []
        lives: Counter[str] = Counter()
        for kept in self._vault.scan(cls, unreadable.append):
            lives[kept.record.phase()] += 1
        count = lives.total() + len(unreadable)
        return Inventory(kind, count, dict(lives), len(unreadable))

    def _exported(self, record: Any, share: Any) -> dict[str, Any]:
        phase = record.phase()
        return {
            "kind": record.kind,
            "purpose": record.purpose,
            "kept": phase,
            "seconds": record.lives[phase],
            "whole": share is record,
            "holds": in_words(share, self._plugins),
        }

    def _meanings(self, wanted: set[str]) -> dict[str, dict[str, str]]:
        meanings = {}
        for kind in record_kinds():
            if kind.name in wanted:
                for name, fields in {kind.name: kind.fields, **kind.inside}.items():
                    meanings[name] = {each.name: each.meaning for each in fields}
        return meanings

    def _is_kept(self, project: str) -> bool:
        return self._vault.read(Project, project) is not None

    def _left_of(self, name: str) -> ProjectSubject:
        """Return what a project that is gone may have left: all that belongs to none."""
        damaged: list[str] = []
        projects = [kept.record for kept in self._vault.scan(Project, damaged.append)]
        if damaged:
            raise ConfigurationError(
                "a project cannot be read, so nobody can tell what belongs to none; "
                "see 'chatbridge doctor'"
            )
        names = {project.settings.name for project in projects}
        homes = {(bot.platform, bot.bot_id) for project in projects for bot in project.bots}
        bots: set[BotKey] = set()
        for link in (kept.record for kept in self._vault.scan(Link)):
            # A project may have had another bot once; its links stay its own.
            (homes if link.project in names else bots).add((link.platform, link.bot_id))
        for talk in (kept.record for kept in self._vault.scan(Conversation)):
            bots.add((talk.platform, talk.bot_id))
        for receipt in (kept.record for kept in self._vault.scan(Receipt)):
            bots.add((receipt.platform, receipt.bot_id))
        claims = [kept.record.subject for kept in self._vault.scan(Claim)]
        bots |= {(claim[1], claim[2]) for claim in claims if claim[0] == "poll"}
        sites = {claim[1] for claim in claims if claim[0] == "feed"}
        sites -= {project.settings.site for project in projects}
        return ProjectSubject(name, frozenset(bots - homes), frozenset(sites), gone=True)

    def _sites_of(self, issue_id: str) -> set[str]:
        sites = set(self._roster.sites())
        linked = {
            kept.record.site for kept in self._vault.scan(Link) if kept.record.issue_id == issue_id
        }
        return linked or sites
