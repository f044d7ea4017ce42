"""Finds records that nothing leads to any more: of projects, bots and sites that are gone.

Whoever removes a project removes its records; here go those that a process made at that very moment
and died. A project that cannot be read stops the search, since nobody knows what belongs to it.
"""

from __future__ import annotations

import logging

from attrs import evolve

from chatbridge.links import NO_BOT, Link, LinkState
from chatbridge.records import Claim, Conversation, Project
from chatbridge.vault import Kept, Vault

_log = logging.getLogger("chatbridge.leftovers")


class Leftovers:
    """Looks for what is left over.

    Args:
        vault: the records.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def sweep(self) -> int:
        """Remove or stop what belongs to nothing any more; return how many records that were.

        Raises:
            StorageError: the storage failed.
        """
        damaged: list[str] = []
        projects = [kept.record for kept in self._vault.scan(Project, damaged.append)]
        if damaged:
            return 0
        homes = {
            (bot.platform, bot.bot_id): project.settings.name
            for project in projects
            for bot in project.bots
        }
        sites = {project.settings.site for project in projects}
        count = sum(self._sweep_link(kept, homes) for kept in self._vault.scan(Link))
        for kept in self._vault.scan(Conversation):
            count += self._sweep_conversation(kept, homes)
        for claim in self._vault.scan(Claim):
            count += self._sweep_claim(claim, homes, sites)
        if count:
            _log.info("%d records belonged to nothing any more", count)
        return count

    def _sweep_link(self, kept: Kept[Link], homes: dict[tuple[str, str], str]) -> bool:
        link = kept.record
        if homes.get((link.platform, link.bot_id)) == link.project:
            return False
        # Asked for strictly: the scan may not have shown a project that was set just now.
        home = self._vault.read(Project, link.project)
        if home is None:
            self._vault.erase(kept.key)
            return True
        if any((bot.platform, bot.bot_id) == (link.platform, link.bot_id)
               for bot in home.record.bots):  # fmt: skip
            return False
        return self._vault.update(kept, _without_bot) is not None

    def _sweep_conversation(
        self, kept: Kept[Conversation], homes: dict[tuple[str, str], str]
    ) -> bool:
        talk = kept.record
        if not talk.pending or (talk.platform, talk.bot_id) in homes:
            return False
        # Nobody can tell the sender any more; without this the record would stay for ever.
        return self._vault.update(kept, lambda now: evolve(now, pending=())) is not None

    def _sweep_claim(
        self, kept: Kept[Claim], homes: dict[tuple[str, str], str], sites: set[str]
    ) -> bool:
        kind, *names = kept.record.subject
        gone = (kind == "poll" and (names[0], names[1]) not in homes) or (
            kind == "feed" and names[0] not in sites
        )
        if gone:
            self._vault.erase(kept.key)
        return gone


def _without_bot(link: Link) -> Link | None:
    if link.state is not LinkState.ACTIVE:
        return None
    return link.stopped(LinkState.SUSPENDED, NO_BOT)
