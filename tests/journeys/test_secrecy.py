"""Nothing that people wrote, and no secret, stands anywhere but in Jira and the chat."""

from __future__ import annotations

import base64
import logging
import traceback

import pytest

from chatbridge import ChatbridgeError, SqliteStorage
from chatbridge.testing.simulator import Fault

WORDS = ("quokka", "narwhal", "axolotl", "capybara")


def _all_forms(world):
    """Return secrets, ids and words, and the shapes in which they could hide."""
    known = world.desk.credentials()
    token = world.telegram.credentials()["bot_token"]
    secrets = [token, token.partition(":")[2], known["api_token"], known["hint_secret"]]
    plain = [*WORDS, "7001002003", *secrets]
    forms = set()
    for word in plain:
        raw = word.encode()
        forms |= {raw, raw.hex().encode(), base64.b64encode(raw)[:-4], word.encode("utf-16-le")}
        forms |= {raw[::-1], word.upper().encode()}
    return forms


def _live_through_everything(world):
    """Talk in both directions, with everything going wrong once."""
    chat = 7001002003
    for match in ("sendMessage", "POST .*comment", "GET .*comment", "getUpdates"):
        for kind in ("status", "lost_before", "lost_after"):
            world.desk.switch_fault(Fault(kind=kind, match=match))
            world.telegram.switch_fault(Fault(kind=kind, match=match))
        world.says("a quokka is in my office", chat=chat, name="narwhal")
        world.run(4)
        for request in world.requests():
            world.agent(request["key"], "feed the axolotl")
            world.agent(request["key"], "capybara only for us", public=False)
        world.run(4)
        world.clock.advance(130)
    world.telegram.control("block", {"chat": chat})
    for request in world.requests():
        world.agent(request["key"], "feed the axolotl again")
    world.run(10)
    assert world.requests()


@pytest.mark.fault("F80", "F81")
@pytest.mark.invariant("I10")
def test_logs_hold_nothing(world, caplog):
    """With every logger at DEBUG, no word, id or secret is logged, whatever goes wrong."""
    caplog.set_level(logging.DEBUG)
    _live_through_everything(world)
    text = caplog.text.encode() + b"".join(repr(each.args).encode() for each in caplog.records)
    assert [] == [form for form in _all_forms(world) if form in text]
    assert len(caplog.records) > 0


@pytest.mark.fault("F81")
@pytest.mark.invariant("I10", "I26")
def test_files_hold_nothing(make_world, tmp_path):
    """Database, journal and shared memory file hold no word, id, key or secret in any form."""
    world = make_world(storage=SqliteStorage(tmp_path / "bridge.db"))
    _live_through_everything(world)
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    keys = {request["key"].encode() for request in world.requests()}
    assert [] == [form for form in _all_forms(world) | keys if form in raw]
    world.storage.close()


@pytest.mark.fault("F80")
@pytest.mark.parametrize("kind", ["status", "lost_before", "lost_after"])
def test_tracebacks_hold_nothing(world, kind):
    """An error's text, and the locals that our own errors carry, show no secret."""
    world.telegram.switch_fault(Fault(kind=kind, match="getMe", status=502, times=None))
    with pytest.raises(ChatbridgeError) as caught:
        world.set_project()
    shown = "".join(traceback.TracebackException.from_exception(caught.value).format())
    token = world.telegram.credentials()["bot_token"]
    assert token.partition(":")[2] not in shown + repr(caught.value)
