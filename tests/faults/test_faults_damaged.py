"""A record that is met and cannot be read: the host hears of it (F66)."""

from __future__ import annotations

from typing import Any

import pytest

from chatbridge.links import Link

pytestmark = pytest.mark.fault("F66")

DAY = 86_400.0


def _told(world: Any) -> list[tuple[str, str]]:
    """Return whom and what each notice of a damaged record was about."""
    damaged = [each for each in world.notices if each.kind == "record_damaged"]
    return [(each.subject, each.reason) for each in damaged]


def _damage(world: Any) -> None:
    """Cut the record of the link short."""
    (row,) = world.storage.scan(Link.kind).rows
    world.storage.put(row.key, row.value[:-1], expect=row.version)


def test_a_damaged_record_is_told_once_a_day_and_by_kind(world: Any, opened: str) -> None:
    """However often it is met in a day, one notice says so, and names neither chat nor issue."""
    _damage(world)
    for text in ("first", "second"):
        world.agent(opened, text)
        world.run()
    (told,) = _told(world)
    reason = "a record of kind link cannot be read; 'chatbridge keys verify' counts them all"
    assert (("the storage", reason), 0) == (told, world.shown("first"))
    world.clock.advance(DAY)
    world.run()
    assert [told, told] == _told(world)


def test_who_finds_all_records_sound_is_told_nothing(world: Any, opened: str) -> None:
    """A record that is there and whole, or not there at all, is no damage."""
    world.agent(opened, "first")
    world.run()
    world.clock.advance(DAY)
    world.run()
    assert ([], 1) == (_told(world), world.shown("first"))
