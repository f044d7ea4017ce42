"""The page's endpoints: who may call them, and what a wrong call is told."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from chatbridge.playground.play import Playground

TOKEN = "token-of-this-run"


@pytest.fixture(scope="module")
def play():
    """One playground for all of these, since next to nothing happens in it."""
    return Playground(("telegram", "viber"))


def test_the_page_and_its_files_are_served(caller):
    """Everything that the page names is there, with a type that browsers accept."""
    status, page = caller("GET", f"/{TOKEN}/")
    assert (200, "text/html; charset=utf-8") == (status, caller.fields["Content-Type"])
    names = set(re.findall(rb'(?:href|src)="([\w.]+)"', page))
    assert {b"main.js", b"page.css", b"phones.css", b"desk.css", b"bridge.css"} <= names
    assert {200} == {caller("GET", f"/{TOKEN}/{name.decode()}")[0] for name in names}
    caller("GET", f"/{TOKEN}/main.js")
    assert "text/javascript; charset=utf-8" == caller.fields["Content-Type"]


def test_the_page_needs_nothing_from_outside_and_may_fetch_nothing():
    """No file names another host, and none writes HTML that people could have typed."""
    folder = files("chatbridge.playground").joinpath("static")
    texts = [each.read_text() for each in folder.iterdir() if not each.name.endswith(".png")]
    whole = "\n".join(texts).replace("http://www.w3.org/2000/svg", "")
    assert len(texts) > 8
    bad = r"https?://|innerHTML|outerHTML|insertAdjacentHTML|document\.write"
    assert [] == re.findall(bad, whole)


def test_every_answer_forbids_what_the_page_does_not_need(caller):
    """Scripts of others, frames and caches are out, on failures as well."""
    for path in (f"/{TOKEN}/", "/wrong/", f"/{TOKEN}/look"):
        caller("GET", path)
        assert "default-src 'none'" in caller.fields["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in caller.fields["Content-Security-Policy"]
        assert "no-store" == caller.fields["Cache-Control"]
        assert "nosniff" == caller.fields["X-Content-Type-Options"]


@pytest.mark.parametrize("path", ["/", "/look", "/wrong/look", f"/{TOKEN}x/look", f"/{TOKEN}"])
def test_without_the_token_there_is_nothing(caller, path):
    """Who does not know the address of this run sees and does nothing."""
    assert 404 == caller("GET", path)[0]
    assert 404 == caller("POST", path, b"{}")[0]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "evil.example:8765", "", None])
def test_another_name_of_this_machine_is_refused(caller, host):
    """A name of somebody's own that leads here (DNS rebinding) opens nothing."""
    assert 403 == caller("GET", f"/{TOKEN}/", HTTP_HOST=host)[0]
    assert 403 == caller("POST", f"/{TOKEN}/look", b"{}", HTTP_HOST=host)[0]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:99", "", None])
def test_another_page_cannot_drive_it(caller, people, origin):
    """A call that the page itself did not make does nothing, token or not."""
    given = {"platform": "telegram", "text": "from elsewhere"}
    status, _ = caller.post("do/say", given, HTTP_ORIGIN=origin)
    people.do("clock", runs=False)
    assert (403, []) == (status, people.chat("telegram"))


def test_what_a_form_of_another_page_can_send_is_refused(caller):
    """Only JSON is read, which no plain form can send."""
    assert 415 == caller.post("look", {}, CONTENT_TYPE="text/plain")[0]


@pytest.mark.parametrize(
    ("path", "given", "status", "told"),
    [
        ("do/dance", {}, 404, "no such action"),
        ("dance", {}, 404, "look, do/"),
        ("do/say", {"platform": "fax", "text": "x"}, 404, "no such phone"),
        ("do/say", {"platform": "telegram"}, 400, "text must be"),
        ("do/say", {"platform": "telegram", "text": " "}, 400, "text must be"),
        ("do/say", {"platform": "telegram", "text": "x" * 20_001}, 400, "20,000"),
        ("do/say", {"platform": ["telegram"], "text": "x"}, 400, "platform must be"),
        ("do/picture", {"platform": "telegram", "content": "!"}, 400, "base64"),
        ("do/picture", {"platform": "telegram", "content": "aGk="}, 400, "no picture"),
        ("do/picture", {"platform": "telegram"}, 400, "at most 2,000,000"),
        ("do/comment", {"issue": "HELP-9", "text": "x", "public": True}, 404, "no such issue"),
        ("do/comment", {"issue": "HELP-9", "text": "x", "public": "yes"}, 400, "true or false"),
        ("do/status", {"issue": "HELP-9", "status": "Done"}, 404, "no such issue"),
        ("do/skip", {"seconds": -1}, 400, "more than 0"),
        ("do/skip", {"seconds": 1e12}, 400, "at most"),
        ("do/skip", {"seconds": True}, 400, "a number"),
        ("do/fault", {"place": "desk", "kind": "blocked-1", "on": True}, 404, "no such switch"),
        ("do/fault", {"place": "fax", "kind": "down", "on": True}, 404, "no such switch"),
        ("do/fault", {"place": "telegram", "kind": "blocked-1", "on": True}, 404, "no such chat"),
        ("do/press", {"platform": "telegram", "choice": "Yes"}, 404, "chat"),
    ],
)
def test_a_wrong_call_is_told_what_is_expected(caller, path, given, status, told):
    """Nothing fails without saying what to do."""
    answered, answer = caller.post(path, given)
    assert status == answered
    assert told in answer["error"]


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(caller, body):
    """Whatever it is, it ends in one error."""
    status, answer = caller("POST", f"/{TOKEN}/look", body)
    assert (400, True) == (status, "JSON object" in json.loads(answer)["error"])


def test_other_methods_and_lengths_are_refused(caller):
    """The size is judged before anything is read."""
    assert 405 == caller("PUT", f"/{TOKEN}/look", b"{}")[0]
    assert 400 == caller("POST", f"/{TOKEN}/look", b"{}", CONTENT_LENGTH="3500001")[0]
    assert 400 == caller("POST", f"/{TOKEN}/look", b"{}", CONTENT_LENGTH="-1")[0]
    assert (200, b"") == caller("HEAD", f"/{TOKEN}/")
    assert 404 == caller("GET", f"/{TOKEN}/../play.py")[0]


def test_a_mistake_in_the_playground_says_where_and_nothing_else(caller, play, monkeypatch):
    """What people typed never reaches an error's text."""

    def fail() -> None:
        raise RuntimeError("what a customer wrote")

    monkeypatch.setattr(play, "look", fail)
    status, answer = caller.post("look", {})
    assert (500, True) == (status, "RuntimeError" in answer["error"])
    assert "customer" not in answer["error"]
