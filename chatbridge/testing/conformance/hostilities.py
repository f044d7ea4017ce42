"""Payloads that nobody sane sends: whatever stands in them is read, or is WebhookPayloadError."""

from __future__ import annotations

import json
import random
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from chatbridge.adapter import Adapter
from chatbridge.errors import DeliveryError, WebhookPayloadError
from chatbridge.events import Event, NothingToDo
from chatbridge.testing.conformance.cases import Payload
from chatbridge.testing.conformance.given import AdapterTests, events_of

CANARY = "canary-6e1f"
"""Stands in every hostile text; an error that shows it shows what people wrote."""

_DEEP: Any = CANARY
for _ in range(60):
    _DEEP = [_DEEP]
_STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**30, -(10**30), 1e308, 2**53 + 1, "", CANARY, CANARY * 2000,
    f"{CANARY}\ud800", f"{CANARY}\0", "9" * 5000, [], {}, [None], [[]], {"": None}, [CANARY],
    {CANARY: CANARY}, _DEEP,
)  # fmt: skip
_UNREADABLE = (
    b"", b" ", b"null", b"true", b"0", b'""', b"[]", b"{}", b"NaN", b"\xff\xfe", b"\0" * 100,
    b"{", b'{"a":', b"[" * 100_000, b'{"a":' * 50_000, b"9" * 5000, b'"' + b"x" * 1_000_000 + b'"',
    b"<xml/>", b"a=b&c=d", b"[[[[[{}]]]]]", b'{"' + CANARY.encode() + b'": 1e999}',
)  # fmt: skip
_MOST_PLACES = 60
_CUTS = 40


class HostileTests(AdapterTests):
    """Nothing that comes from outside breaks the adapter."""

    def test_unreadable_bodies(self, adapter: Adapter) -> None:
        """A body that the platform never sends is WebhookPayloadError, or nothing to do."""
        payload = self.case.recorded()[0]
        for body in _UNREADABLE:
            events = self._read(adapter, payload, body)
            strange = [event for event in events or () if not isinstance(event, NothingToDo)]
            assert not strange, f"{body[:20]!r} became {type(strange[0]).__name__}"

    def test_one_strange_member(self, adapter: Adapter, payload: Payload) -> None:
        """Whatever stands in any one place of a payload, it is read or refused."""
        for body in _with_strange_members(payload.body):
            self._read(adapter, payload, body)

    def test_missing_members(self, adapter: Adapter, payload: Payload) -> None:
        """Whatever is missing from a payload, the rest is read or refused."""
        for body in _with_missing_members(payload.body):
            self._read(adapter, payload, body)

    def test_cut_and_flipped_bytes(self, adapter: Adapter, payload: Payload) -> None:
        """A payload that was cut anywhere, or whose bytes were changed, is read or refused."""
        chance = random.Random(payload.name)  # noqa: S311 - reproducible on purpose
        body = payload.body
        for at in range(_CUTS):
            self._read(adapter, payload, body[: len(body) * at // _CUTS])
            changed = bytearray(body)
            for _ in range(3):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            self._read(adapter, payload, bytes(changed))

    def test_unknown_kinds(self, adapter: Adapter, payload: Payload) -> None:
        """Members that are newer than the adapter change nothing in what it reads."""
        value = _as_json(payload.body)
        if not isinstance(value, dict):
            pytest.skip("the payload is no JSON object")
        body = json.dumps({**value, "newer_than_this_adapter": {CANARY: [1]}}).encode()
        known = events_of(self.case, adapter, payload, payload.body)
        found = self._read(adapter, payload, body)
        assert found is not None, "an unknown member made the payload unreadable"
        kinds = [[type(event) for event in events] for events in (known, found)]
        assert kinds[0] == kinds[1], "an unknown member changed what the payload says"

    def _read(self, adapter: Adapter, payload: Payload, body: bytes) -> list[Event] | None:
        """Return the events of a body, or None where it was refused as it should be."""
        try:
            events = events_of(self.case, adapter, payload, body)
        except (WebhookPayloadError, DeliveryError) as error:
            assert isinstance(error, DeliveryError) == payload.polled, (
                "parse raises WebhookPayloadError"
            )
            shown = "".join(traceback.format_exception(error))
            assert CANARY not in shown, "the error shows what stood in the payload; use `from None`"
            return None
        except RecursionError:
            pytest.fail(f"deep nesting ends in RecursionError: {body[:40]!r}")
        except Exception as error:  # noqa: BLE001 - the finding itself
            name = type(error).__name__
            pytest.fail(f"{name} instead of WebhookPayloadError: {_excerpt(body)}")
        for event in events:
            shown = repr(event)
            assert CANARY not in shown, f"a repr shows what people wrote: {shown[:300]}"
            event.event_id.encode()
            event.address.chat.encode()
            if hasattr(event, "text"):
                event.text.plain().encode()
        return events


def _with_strange_members(body: bytes) -> Iterator[bytes]:
    for path in _places(body):
        for strange in _STRANGE:
            yield _changed(body, path, strange)


def _with_missing_members(body: bytes) -> Iterator[bytes]:
    for path in _places(body):
        if path:
            yield _changed(body, path, _places)


def _places(body: bytes) -> list[tuple[Any, ...]]:
    """Return the path of every place in a JSON body; evenly chosen where there are many."""
    found = list(_paths(_as_json(body), ()))
    step = -(-len(found) // _MOST_PLACES)
    return found[::step] if step else []


def _paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        steps: list[tuple[Any, Any]] = list(value.items())
    else:
        steps = list(enumerate(value)) if isinstance(value, list) else []
    for step, inner in steps:
        yield from _paths(inner, (*path, step))


def _changed(body: bytes, path: tuple[Any, ...], strange: Any) -> bytes:
    """Return the body with another value in one place; `_places` itself stands for none at all."""
    if not path:
        return json.dumps(strange).encode()
    whole = _as_json(body)
    place = whole
    for step in path[:-1]:
        place = place[step]
    if strange is _places:
        del place[path[-1]]
    else:
        place[path[-1]] = strange
    return json.dumps(whole).encode()


def _as_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _excerpt(body: bytes) -> str:
    shown = body.decode("utf-8", "replace")
    return shown if len(shown) < 400 else f"{shown[:200]} ... {shown[-100:]}"
