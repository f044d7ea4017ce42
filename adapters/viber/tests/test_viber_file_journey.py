"""Files through the whole bridge: Viber fetches from it what an agent has attached."""

from __future__ import annotations

import base64
import hashlib

import pytest

from chatbridge.content import Attachment, FileKind
from chatbridge.desk import CommentFile
from chatbridge.file_urls import name_of
from chatbridge.links import Link
from chatbridge.outgoing import OutgoingMessage, RequestLabel
from chatbridge_viber.simulated_media import MediaShelf

OLENA = "xy5/5y6O81+/kbWHpLhBoA=="
KINDS = {
    FileKind.PHOTO: ("cat", "image/jpeg"),
    FileKind.VIDEO: ("cat", "video/mp4"),
    FileKind.DOCUMENT: ("рахунок №5", "application/pdf"),
}


@pytest.mark.parametrize("kind", ["picture", "video", "file", "sticker"])
def test_what_a_customer_sends_is_attached(world, opened, kind):
    """Every kind of file is on the request, byte for byte, its caption with it."""
    data = bytes(range(256)) * 300
    content = base64.b64encode(data).decode()
    world.does("file", kind=kind, content=content, caption="look")
    world.run()
    request = world.desk.control("request", {"issue": opened})
    (comment,) = [each for each in request["comments"] if each["files"]]
    digest = hashlib.sha256(data).hexdigest()
    assert ([digest], True) == ([each["sha256"] for each in comment["files"]], comment["public"])
    assert (kind in {"picture", "video"}) == ("look" in comment["text"])


def test_a_file_that_expired_is_told(world, opened):
    """Who sent a file that cannot be had any more hears so, and agents see that one is missing."""
    world.does("photo", caption="look")
    world.viber.state.shelf = MediaShelf(world.clock, world.viber.random.getrandbits)
    world.run()
    request = world.desk.control("request", {"issue": opened})
    assert not any(each["files"] for each in request["comments"])
    assert any("look" in each["text"] for each in request["comments"])
    assert 1 == world.shown("Not passed on: ")


@pytest.fixture
def shows(world, opened):
    """Let an agent attach a file, and the bot show it; return the comment."""

    def act(kind, data=b"bytes of a file"):
        name, media_type = KINDS[kind]
        encoded = base64.b64encode(data).decode()
        file = {"name": name, "media_type": media_type, "base64": encoded}
        arguments = {"issue": opened, "text": "here", "public": True, "files": [file]}
        comment = world.desk.control("comment", arguments)
        engine = world.bridge.engine
        (link,) = [kept.record for kept in engine.vault.scan(Link)]
        (told,) = comment["files"]
        named = CommentFile(told["id"], told["name"], told["media_type"], told["size"])
        sent = Attachment(
            kind, name_of(named), media_type, named.size,
            url=engine.file_urls.url(link, comment["id"], named),
        )  # fmt: skip
        message = OutgoingMessage(
            address=link.address, key="0" * 32, attachments=(sent,),
            label=RequestLabel(opened, "handle"),
        )  # fmt: skip
        _, bot = engine.roster.bot("viber", link.bot_id)
        engine.roster.call(bot, bot.adapter.send(message))
        return comment

    return act


@pytest.mark.parametrize("kind", list(KINDS))
def test_viber_fetches_the_file_from_the_bridge(world, shows, kind):
    """Name, type, length and bytes are what Viber wants them to be."""
    shows(kind, b"bytes of a file")
    assert [200] == world.fetch()
    shown = [each for each in world.transcript() if each["file"]][-1]
    digest = hashlib.sha256(b"bytes of a file").hexdigest()
    assert {"size": 15, "media_type": KINDS[kind][1], "sha256": digest} == shown["file"]
    if kind is FileKind.DOCUMENT:
        assert "рахунок №5.pdf" == shown["file_name"]


@pytest.mark.invariant("I1")
def test_a_file_that_became_internal_before_viber_came_is_never_seen(world, opened, shows):
    """Viber is refused, and reports that the message was not shown (I1)."""
    comment = shows(FileKind.DOCUMENT)
    flip = {"issue": opened, "comment": comment["id"], "public": False}
    world.desk.control("flip", flip)
    assert [404] == world.fetch()
    assert not any(each["file"] for each in world.transcript())
