"""Files that a platform fetches: what goes out, and everything that must keep it in."""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote, urlsplit
from wsgiref.validate import validator

import pytest
from attrs import evolve

from chatbridge.content import Content
from chatbridge.desk import CommentFile
from chatbridge.errors import ContentError, RefusedError, RetryLaterError
from chatbridge.file_serving import MOST_AT_ONCE
from chatbridge.links import Link, LinkState
from chatbridge.records import Project, ProjectState
from chatbridge.testing.simulator import Fault
from chatbridge.vault import Kept
from chatbridge.web import web_app

DATA = b"%PDF-1.7 " + bytes(range(256)) * 700
NAME = "рахунок №5.pdf"

Answer = tuple[int, dict[str, str], bytes]


class Shown:
    """A comment with a file in a world, and the address that a platform was given for it."""

    def __init__(self, world: Any, issue: str, *, name: str = NAME, **more: Any) -> None:
        self.world, self.issue = world, issue
        file = {"name": name, "media_type": "application/pdf", "data": DATA, **more}
        file["base64"] = base64.b64encode(file.pop("data")).decode()
        self.comment = world.agent(issue, "here it is", files=[file])
        self.file = self.comment["files"][0]
        self.url = self.address()

    @property
    def link(self) -> Kept[Link]:
        """The request's link as it is kept now."""
        (kept,) = self.world.bridge.engine.vault.scan(Link)
        return kept

    def address(self, **changes: str) -> str:
        """Return an address as delivery would give it out, of another file or comment if told."""
        file = CommentFile(
            changes.get("file_id", self.file["id"]), self.file["name"], self.file["media_type"]
        )
        comment_id = changes.get("comment_id", self.comment["id"])
        url = self.world.bridge.engine.file_urls.url(self.link.record, comment_id, file)
        assert url is not None
        return str(url)

    def change(self, **changes: Any) -> None:
        """Change the link's record."""
        self.world.bridge.engine.vault.update(self.link, lambda link: evolve(link, **changes))

    def state(self) -> Any:
        """Return the comment as the simulated site keeps it."""
        issues = self.world.desk.state.issues.values()
        return next(i.comments[self.comment["id"]] for i in issues if i.key == self.issue)


@pytest.fixture
def shown(world: Any, opened: str) -> Shown:
    """A file that an agent has shown to the customer."""
    return Shown(world, opened)


@pytest.fixture
def get(world: Any) -> Callable[..., Answer]:
    """Return what fetches an address as a server that keeps to PEP 3333 would."""
    app = validator(web_app(world.bridge, clock=world.clock))

    def fetch(url: str, method: str = "GET") -> Answer:
        started: list[tuple[str, list[tuple[str, str]]]] = []
        path = unquote(urlsplit(url).path).encode().decode("latin-1")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": "",
            "SERVER_NAME": "x", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(), "wsgi.multithread": True, "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }  # fmt: skip
        answer = app(environ, lambda status, fields, *_: started.append((status, fields)))  # type: ignore[arg-type, return-value]
        try:
            body = b"".join(answer)
        finally:
            answer.close()  # type: ignore[attr-defined]
        ((status, fields),) = started
        return int(status.split()[0]), dict(fields), body

    return fetch


def test_a_file_goes_out_as_it_is(shown, get):
    """GET gives the bytes, with their type, length and name."""
    status, fields, body = get(shown.url)
    assert (200, DATA) == (status, body)
    assert ("application/pdf", str(len(DATA))) == (fields["Content-Type"], fields["Content-Length"])
    assert (
        f"attachment; filename=\"_______ _5.pdf\"; filename*=UTF-8''{quote(NAME)}"
        == fields["Content-Disposition"]
    )


def test_no_browser_shows_it_as_a_page_and_no_cache_keeps_it(shown, get):
    """The header fields say that it is a download, of this type, for nobody else."""
    _, fields, _ = get(shown.url)
    assert "private, no-store" == fields["Cache-Control"]
    assert "nosniff" == fields["X-Content-Type-Options"]
    assert "default-src 'none'; sandbox" == fields["Content-Security-Policy"]


def test_head_says_the_same_without_reading_the_file(world, shown, get):
    """HEAD gives the fields of GET, asks the witnesses too, and opens nothing."""
    _, fields, _ = get(shown.url)
    world.calls.clear()
    assert (200, fields, b"") == get(shown.url, "HEAD")
    assert not any("/attachment/content/" in request.url for request, _ in world.calls)
    assert 2 == len(world.calls)


def test_it_can_be_fetched_more_than_once(shown, get):
    """Servers and devices of a platform each fetch it; every one of them gets it whole."""
    assert [DATA] * 3 == [get(shown.url)[2] for _ in range(3)]


@pytest.mark.invariant("I1")
def test_a_comment_that_became_internal_keeps_its_file_in(world, shown, get):
    """An address made while a comment was public opens nothing once it is not (I1)."""
    world.desk.control(
        "flip", {"issue": shown.issue, "comment": shown.comment["id"], "public": False}
    )
    assert (404, b"") == get(shown.url)[::2]
    assert (404, b"") == get(shown.url, "HEAD")[::2]


@pytest.mark.invariant("I1")
@pytest.mark.parametrize("witness", ["customer API", "restriction", "property"])
def test_one_witness_is_enough_to_keep_a_file_in(shown, get, witness):
    """Where only one of the two APIs calls the comment anything but public, nothing goes out."""
    comment = shown.state()
    if witness == "customer API":
        comment.public = False
        comment.properties["sd.public.comment"] = {"internal": False}
    elif witness == "restriction":
        comment.restricted_to = "Administrators"
    else:
        comment.properties["sd.public.comment"] = {"internal": True}
    assert (404, b"") == get(shown.url)[::2]


def test_a_comment_that_is_public_again_shows_its_file_again(world, shown, get):
    """What counts is how it is at the moment of the call."""
    for public, status in ((False, 404), (True, 200)):
        arguments = {"issue": shown.issue, "comment": shown.comment["id"], "public": public}
        world.desk.control("flip", arguments)
        assert status == get(shown.url)[0]


def test_a_file_of_another_comment_stays_in(world, shown, get):
    """An address opens a file only as one of its own comment's files."""
    hidden = Shown(world, shown.issue, name="secret.pdf")
    world.desk.control(
        "flip", {"issue": shown.issue, "comment": hidden.comment["id"], "public": False}
    )
    assert 404 == get(shown.address(file_id=hidden.file["id"]))[0]
    assert 404 == get(shown.address(comment_id=hidden.comment["id"]))[0]
    assert 200 == get(shown.url)[0]


@pytest.mark.parametrize("state", [s for s in LinkState if s is not LinkState.ACTIVE])
def test_a_link_that_does_not_send_shows_no_files(shown, get, state):
    """Only an active link hands out files."""
    shown.change(state=state)
    assert 404 == get(shown.url)[0]


def test_a_removed_link_shows_no_files(world, shown, get):
    """Without its link an address opens nothing."""
    world.bridge.engine.vault.delete(shown.link)
    assert 404 == get(shown.url)[0]


def test_a_link_of_another_project_shows_no_files(shown, get):
    """The bot's project must be the link's."""
    shown.change(project="another")
    assert 404 == get(shown.url)[0]


@pytest.mark.parametrize("state", [ProjectState.PAUSED, ProjectState.REMOVED])
def test_a_project_that_does_not_work_shows_no_files(world, shown, get, state):
    """Pausing or removing a project holds for the next call already."""
    (kept,) = world.bridge.engine.vault.scan(Project)
    world.bridge.engine.vault.update(kept, lambda project: evolve(project, state=state))
    assert 404 == get(shown.url)[0]


@pytest.mark.parametrize("changes", [{"agent_files": False}, {"max_file_megabytes": 1}])
def test_settings_hold_for_addresses_that_are_out(world, opened, get, changes):
    """Files that are switched off, or larger than allowed by now, stay in."""
    shown = Shown(world, opened, data=bytes(1_000_001))
    assert 200 == get(shown.url)[0]
    world.set_project(**changes)
    assert (404, 404) == (get(shown.url)[0], get(shown.url, "HEAD")[0])


def test_an_address_ends(world, shown, get):
    """After an hour it opens nothing, and Jira is not even asked."""
    world.clock.advance(3601.0)
    world.calls.clear()
    assert (404, []) == (get(shown.url)[0], world.calls)


def test_a_strangers_guess_costs_no_call(world, shown, get):
    """A token that is not ours is refused before any record or site is asked."""
    token = shown.url.split("/")[-2]
    world.calls.clear()
    for at in range(0, len(token), 7):
        forged = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        assert 404 == get(shown.url.replace(token, forged))[0]
    assert [] == world.calls


@pytest.mark.parametrize("path", ["/files/", "/files/x", "/files/x/", "/files/x/a/b", "/files//a"])
def test_what_is_no_address_is_not_found(get, path):
    """Other paths below files/ are like any other unknown path."""
    assert 404 == get(f"https://bridge.example{path}")[0]


def test_only_reading_is_allowed(shown, get):
    """Other verbs are refused."""
    status, fields, _ = get(shown.url, "DELETE")
    assert (405, "GET, HEAD") == (status, fields["Allow"])


def test_a_site_that_cannot_be_asked_lets_nothing_out(world, shown, get):
    """Where nobody can know, the caller is asked to come again."""
    world.desk.switch_fault(Fault(kind="status", status=502, times=None))
    status, fields, body = get(shown.url)
    assert (503, b"", True) == (status, body, int(fields["Retry-After"]) > 0)


def test_a_site_that_denies_access_lets_nothing_out(world, shown, get):
    """Once the bot may not see the request, neither may the platform."""
    world.desk.control("behaviour", {"access": False})
    assert (404, b"") == get(shown.url)[::2]


def test_only_so_many_go_out_at_once(world, shown, get):
    """One more than allowed is asked to wait; each place is free again once its file is closed."""
    token = shown.url.split("/")[-2]
    held = [world.bridge.open_file(token) for _ in range(MOST_AT_ONCE)]
    status, fields, _ = get(shown.url)
    assert (503, "5") == (status, fields["Retry-After"])
    for each in held:
        each.close()
        each.close()
    assert [200] * (2 * MOST_AT_ONCE) == [get(shown.url)[0] for _ in range(2 * MOST_AT_ONCE)]


def test_what_is_refused_takes_no_place(world, shown, get):
    """Refusals, HEADs and failures free their place at once."""
    for _ in range(MOST_AT_ONCE + 1):
        get(shown.url, "HEAD")
    shown.change(state=LinkState.HELD)
    for _ in range(MOST_AT_ONCE + 1):
        get(shown.url)
    shown.change(state=LinkState.ACTIVE)
    world.desk.control("behaviour", {"access": False})
    for _ in range(MOST_AT_ONCE + 1):
        get(shown.url)
    world.desk.control("behaviour", {"access": True})
    assert 200 == get(shown.url)[0]


def test_a_source_that_does_not_open_takes_no_place(world, shown, get, monkeypatch):
    """A failure between Jira's answer and the first byte is told as one to try again."""

    def broken() -> Any:
        raise ContentError("it cannot be opened")

    def open_file(_file_id: str) -> Any:
        yield from ()
        return Content(5, broken)

    desk = world.bridge.engine.roster.desk("acme").desk
    monkeypatch.setattr(desk, "open_file", open_file)
    assert [503] * (MOST_AT_ONCE + 2) == [get(shown.url)[0] for _ in range(MOST_AT_ONCE + 2)]


def test_nothing_of_a_file_is_logged_or_kept(world, shown, get, caplog):
    """Name, address and bytes are in no log and no record (I2)."""
    with caplog.at_level(logging.DEBUG):
        get(shown.url)
        shown.change(state=LinkState.HELD)
        get(shown.url)
        shown.change(state=LinkState.ACTIVE)
        world.desk.switch_fault(Fault(kind="status", status=502, times=None))
        get(shown.url)
    token = shown.url.split("/")[-2]
    told = " ".join(record.getMessage() for record in caplog.records)
    assert [] == [word for word in (token, "рахунок", "PDF", shown.issue) if word in told]
    kept = b"".join(row.value for row in world.storage.scan("link").rows)
    assert b"PDF" not in kept


def test_errors_say_nothing_of_the_file(world, shown):
    """What a host is told holds neither token nor name."""
    shown.change(state=LinkState.HELD)
    token = shown.url.split("/")[-2]
    with pytest.raises(RefusedError) as refused:
        world.bridge.open_file(token)
    assert "refused (not_found): there is no such file" == str(refused.value)
    world.desk.switch_fault(Fault(kind="status", status=502, times=None))
    shown.change(state=LinkState.ACTIVE)
    with pytest.raises(RetryLaterError) as later:
        world.bridge.open_file(token)
    assert token not in str(later.value)


def test_a_host_that_serves_files_itself_has_all_it_needs(world, shown):
    """Name, type, length and bytes are there without our web application."""
    with world.bridge.open_file(shown.url.split("/")[-2]) as served:
        told = (served.name, served.media_type, served.length, b"".join(served))
    assert (NAME, "application/pdf", len(DATA), DATA) == told
