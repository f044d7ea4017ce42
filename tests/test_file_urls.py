"""Addresses of files: made for an hour, sealed, and read back only as they were made."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import unquote, urlsplit

import attrs
import pytest

from chatbridge.desk import CommentFile
from chatbridge.file_urls import FileTicket, FileUrls, name_of, type_of
from chatbridge.keyset import Keyset
from chatbridge.links import Link
from chatbridge.sealing import Sealer
from chatbridge.testing.virtual_clock import VirtualClock

LINK = Link("acme", "10001", "viber", "pa:1", "chat/+=")
FILE = CommentFile("77", "Report Q3.pdf", "application/pdf", 34_000)


KEYSET = Keyset(
    generation=1,
    instance_id="instance-1",
    current=7,
    data_keys={7: b"d" * 32},
    index_key=b"i" * 32,
    marker_key=b"m" * 32,
    token_key=b"t" * 32,
)


def _sealer(**changes: Any) -> Sealer:
    return Sealer(attrs.evolve(KEYSET, **changes))


@pytest.fixture
def clock() -> VirtualClock:
    """Time that only the test moves."""
    return VirtualClock()


@pytest.fixture
def urls(clock: VirtualClock) -> FileUrls:
    """What makes addresses below a public URL."""
    return FileUrls("https://bridge.example/chat", _sealer(), clock)


def _token(url: str | None) -> str:
    assert url is not None
    return urlsplit(url).path.split("/")[-2]


def test_an_address_comes_back_as_what_it_names(urls: FileUrls, clock: VirtualClock) -> None:
    """The token says site, issue, comment, file and the time at which it ends."""
    ticket = urls.read(_token(urls.url(LINK, "555", FILE)))
    assert ticket is not None
    assert FileTicket("acme", "10001", "555", "77", ticket.expires) == ticket
    assert 0 <= ticket.expires - clock.time() - 3600 < 1


def test_an_address_ends_in_the_name_of_the_file(urls: FileUrls) -> None:
    """Platforms go by the last segment; it is the file's safe name, escaped."""
    url = urls.url(LINK, "555", FILE)
    assert url is not None
    assert url.startswith("https://bridge.example/chat/files/")
    assert "Report%20Q3.pdf" == url.rpartition("/")[2]


def test_an_address_shows_nothing_of_what_it_names(urls: FileUrls) -> None:
    """Neither the ids nor the chat can be read in a token."""
    raw = base64.urlsafe_b64decode(_token(urls.url(LINK, "555123", FILE)) + "==")
    shown = [word for word in (b"acme", b"10001", b"555123", b"77,", b"chat/") if word in raw]
    assert [] == shown


def test_no_public_url_means_no_address(clock: VirtualClock) -> None:
    """Where the host serves nothing there is nothing to give out."""
    assert None is FileUrls(None, _sealer(), clock).url(LINK, "555", FILE)


def test_an_address_ends_after_an_hour(urls: FileUrls, clock: VirtualClock) -> None:
    """Just before the hour it is good, right after it is not."""
    token = _token(urls.url(LINK, "555", FILE))
    clock.advance(3599.0)
    assert urls.read(token) is not None
    clock.advance(2.0)
    assert None is urls.read(token)


@pytest.mark.fault("F49")
def test_no_character_of_a_token_can_be_changed(urls: FileUrls) -> None:
    """Whatever character is replaced, dropped or added, the token names nothing any more."""
    token = _token(urls.url(LINK, "555", FILE))
    forged = []
    for at, character in enumerate(token):
        other = "A" if character != "A" else "B"
        before, after = token[:at], token[at + 1 :]
        forged += [before + other + after, before + after, f"{before}!{token[at:]}"]
    accepted = [each for each in forged if urls.read(each) is not None]
    assert [] == accepted


@pytest.mark.parametrize("token", ["", "=", "A", "~", "ключ", "A" * 5000, "..", "\x00", "\ud800"])
def test_what_is_no_token_names_nothing(urls: FileUrls, token: str) -> None:
    """A stranger's guess is answered like any other, and raises nothing."""
    assert None is urls.read(token)


def test_a_token_of_another_installation_names_nothing(urls: FileUrls, clock: VirtualClock) -> None:
    """Only the keys that sealed a token open it, and only in their own installation."""
    for changes in ({"token_key": b"e" * 32}, {"instance_id": "instance-2"}):
        other = FileUrls("https://bridge.example", _sealer(**changes), clock)
        assert None is urls.read(_token(other.url(LINK, "555", FILE)))


def test_addresses_outlive_a_change_of_keys(urls: FileUrls, clock: VirtualClock) -> None:
    """A rotation of data keys, or of the token key once, ends no address that was given out."""
    token = _token(urls.url(LINK, "555", FILE))
    rotated = KEYSET.with_new_data_key(5).with_current_only()
    exchanged = rotated.with_next_token_key().with_token_keys_exchanged()
    for keyset in (rotated, exchanged):
        later = FileUrls("https://bridge.example/chat", Sealer(keyset), clock)
        assert urls.read(token) == later.read(token) is not None
    twice = exchanged.with_next_token_key().with_token_keys_exchanged()
    assert None is FileUrls("https://bridge.example", Sealer(twice), clock).read(token)


def test_a_sealed_record_is_no_token(urls: FileUrls) -> None:
    """What is kept in a storage opens under its own key only."""
    sealed = urls.sealer.seal("link:" + "0" * 32, 1, b'["acme","1","2","3",99999999999]')
    assert None is urls.read(base64.urlsafe_b64encode(sealed).decode().rstrip("="))


@pytest.mark.parametrize(
    ("claimed", "media_type", "name"),
    [
        ("photo", "image/jpeg", "photo.jpg"),
        ("IMG.JPEG", "image/jpeg", "IMG.JPEG"),
        ("cat.png", "image/jpeg", "cat.png.jpg"),
        ("film", "video/mp4", "film.mp4"),
        ("sticker", "image/webp", "sticker.webp"),
        ("data.xyz", "application/octet-stream", "data.xyz"),
        ("data.xyz", "application/x-never-heard-of", "data.xyz"),
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ("a\r\nb.pdf", "application/pdf", "ab.pdf"),
        ("x" * 300 + ".bin", "video/mp4", "x" * 116 + ".mp4"),
        ("договір.pdf", "Application/PDF; charset=x", "договір.pdf"),
    ],
)
def test_a_name_is_safe_and_fits_the_type(claimed: str, media_type: str, name: str) -> None:
    """The ending is the one that the type demands; the rest stays as far as it is safe."""
    assert name == name_of(CommentFile("1", claimed, media_type))


@pytest.mark.parametrize(
    "claimed", ["", "image", "text/html\r\nX-Evil: 1", "a b/c", "image/", "x" * 70 + "/y", "é/x"]
)
def test_a_type_fits_into_a_header_field(claimed: str) -> None:
    """What is no media type is not repeated to anybody."""
    assert "application/octet-stream" == type_of(CommentFile("1", "x", claimed))


def test_names_survive_the_escaping(urls: FileUrls) -> None:
    """Every name comes back from the address as it was."""
    name = "договір №5 & 100% #1?.pdf"
    url = urls.url(LINK, "555", CommentFile("1", name, "application/pdf"))
    assert url is not None
    assert "договір №5 & 100% #1_.pdf" == unquote(url.rpartition("/")[2])
