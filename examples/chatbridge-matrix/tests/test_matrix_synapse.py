"""The real bridge between a real homeserver and a simulated desk: nothing is lost or doubled.

The bridge polls, or is an application service; it runs in a program of its own, which is killed.
"""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbridge import new_root_key
from chatbridge.testing import DeskSimulator
from chatbridge.testing.serving import SimulationServer
from chatbridge_matrix.registration import registration

_PATIENCE = 120.0
_PROGRAM = Path(__file__).with_name("host_program.py")


def until(ready: Callable[[], Any], what: str) -> Any:
    """Return what is there once it is."""
    end = time.monotonic() + _PATIENCE
    while not (found := ready()):
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.1)
    return found


class Office:
    """A desk, a bot on the homeserver, and the program with the bridge between them."""

    def __init__(
        self, desk: DeskSimulator, url: str, homeserver: Any, folder: Path, mode: str
    ) -> None:
        self.desk, self.homeserver = desk, homeserver
        self.user_id = f"@helpdesk:{homeserver.name}"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        known = desk.credentials()
        self._given: dict[str, Any] = {
            "desk": {"url": url, "account": known["account"], "token": known["api_token"]},
            "storage": f"sqlite:{folder / 'records.db'}", "key": new_root_key(), "port": port,
            "mode": mode, "user_id": self.user_id,
        }  # fmt: skip
        self._errors = folder / "errors"
        self._program: subprocess.Popen[str] | None = None

    @property
    def may_double(self) -> int:
        """How many texts may be shown twice after a kill and a restart of the server."""
        return int(self._given["mode"] == "webhook")

    def set_up(self) -> None:
        """Let the homeserver know the bot, and start everything."""
        if self._given["mode"] == "webhook":
            made = registration(self.user_id, self._run(only_url=True)["url"])
            # As every other account's, its messages are limited, so that there is a 429.
            self.homeserver.register(made.replace("rate_limited: false", "rate_limited: true"))
            tokens = dict(re.findall(r'(as_token|hs_token): "(.+)"', made))
            place = {"access_token": tokens["as_token"], "hs_token": tokens["hs_token"]}
            self.homeserver.start()
        else:
            self.homeserver.start()
            place = {"access_token": self.homeserver.person("helpdesk").token}
        self._given["bot"] = {"homeserver": self.homeserver.url, **place}
        self.start()
        if self._given["mode"] == "webhook":
            bot = self.homeserver.account(self.user_id, place["access_token"])
            ping = "client/v1/appservice/chatbridge-helpdesk/ping"
            assert "duration_ms" in bot.call("POST", ping, {"transaction_id": "1"})

    def start(self) -> None:
        """Start the program with the bridge; return when it is ready."""
        self._run()

    def kill(self) -> None:
        """End the program at once, wherever it is."""
        if self._program is not None:
            self._program.kill()
            self._ended()

    def stop(self) -> None:
        """End the program as it should be ended."""
        if self._program is not None:
            assert self._program.stdin is not None
            self._program.stdin.close()
            self._ended()

    def _ended(self) -> None:
        assert self._program is not None and self._program.stdin and self._program.stdout
        try:
            self._program.wait(_PATIENCE)
        finally:
            self._program.kill()
            self._program.wait()
            for each in (self._program.stdin, self._program.stdout):
                each.close()
            self._program = None

    def _run(self, **more: Any) -> dict[str, Any]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with self._errors.open("a") as errors:
            self._program = subprocess.Popen(
                [sys.executable, str(_PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=errors, text=True, env=environment,
            )  # fmt: skip
        assert self._program.stdin is not None and self._program.stdout is not None
        self._program.stdin.write(json.dumps({**self._given, **more}) + "\n")
        self._program.stdin.flush()
        line = self._program.stdout.readline()
        assert line, f"it did not start: {self._errors.read_text()[-2000:]}"
        if more:
            self.stop()
        return dict(json.loads(line))

    def request(self, word: str) -> dict[str, Any] | None:
        """Return the request that began with a word."""
        found = [each for each in self.desk.control("requests", {}) if word in str(each)]
        return found[0] if found else None

    def said(self, word: str) -> list[str]:
        """Return the texts of everything in the desk that holds a word."""
        shown = self.desk.control("requests", {})
        texts = [str(each.get("summary", "")) for each in shown]
        texts += [str(note["text"]) for each in shown for note in each["comments"]]
        return [text for text in texts if word in text]


@pytest.fixture(params=["poll", "webhook"])
def office(request: pytest.FixtureRequest, homeserver: Any, tmp_path: Path) -> Iterator[Office]:
    """Everything running, by polling and as an application service."""
    desk = DeskSimulator()
    with SimulationServer({"desk": desk}) as server:
        office = Office(desk, server.url("desk"), homeserver, tmp_path, request.param)
        try:
            office.set_up()
            if request.param == "poll":
                until(lambda: homeserver.answered(200, "GET") > 1, "the first poll")
            yield office
        finally:
            office.kill()


class Talk:
    """A room of one person, and everything that was said for it on either side."""

    def __init__(self, person: Any, office: Office) -> None:
        self.person, self.office = person, office
        self.room = person.open_room(office.user_id)
        self.opening = f"opening of {person.user_id}"
        self.by_agents: list[str] = []
        self.by_person: list[str] = []
        self.key = ""
        person.says(self.room, self.opening)

    def agent(self, text: str) -> None:
        """Let an agent answer."""
        self.office.desk.control("comment", {"issue": self.key, "text": text})
        self.by_agents.append(text)

    def customer(self, text: str) -> None:
        """Let the person write."""
        self.person.says(self.room, text)
        self.by_person.append(text)

    def shown(self) -> list[str]:
        """Return what the bot has shown in the room."""
        seen = self.person.sees(self.room)
        return [each["content"]["body"] for each in seen if each["sender"] == self.office.user_id]

    def arrived(self) -> bool:
        """Tell whether everything is at least once where it belongs."""
        shown = "".join(self.shown())
        there = all(text in shown for text in self.by_agents)
        return there and all(self.office.said(text) for text in self.by_person)

    def counts(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return how often each text is there, on either side."""
        shown = self.shown()
        there = {text: sum(text in each for each in shown) for text in self.by_agents}
        return there, {text: len(self.office.said(text)) for text in self.by_person}


@pytest.mark.heavy
def test_both_ways_over_crashes_and_a_flood(homeserver: Any, office: Office) -> None:
    """Over a genuine 429, a kill and restarts of both, texts arrive, once as far as the server
    knows them again; a note never does.
    """
    jana, omar = talks = [Talk(homeserver.person(name), office) for name in ("jana", "omar")]
    for talk in talks:
        talk.key = until(lambda t=talk: office.request(t.opening), "a request")["key"]
    for number in range(9):  # More than the server lets one account say at once.
        jana.agent(f"flood-{number}.")
    office.desk.control("comment", {"issue": jana.key, "text": "odd customer", "public": False})
    for number in range(4):
        omar.customer(f"early-{number}.")
    until(lambda: homeserver.answered(429, "PUT"), "a genuine 429")
    office.kill()
    for talk in talks:
        talk.agent("while nobody was there.")
    omar.customer("is anybody there?")
    office.start()
    until(omar.arrived, "what was written while the bridge was dead")
    homeserver.stop()
    for talk in talks:
        talk.agent("while the server was down.")
    homeserver.start()
    for number, talk in enumerate(talks):
        talk.customer(f"after its restart-{number}.")
    office.stop()
    office.start()
    jana.customer("late question.")
    omar.agent("late answer.")
    for talk in talks:
        until(talk.arrived, "everything")
        there, here = talk.counts()
        assert set(talk.by_agents) == {text for text, count in there.items() if count}
        # What was on its way at the kill is sent again under its old transaction id. Synapse knows
        # those of an application service in its memory only, and was itself restarted meanwhile.
        doubled = [text for text in there if there[text] > 1]
        assert [] == doubled[office.may_double :]
        assert dict.fromkeys(talk.by_person, 1) == here
        assert "odd customer" not in "".join(talk.shown())
    assert 2 == len(office.desk.control("requests", {}))


@pytest.mark.heavy
def test_replies_edits_and_files(homeserver: Any, office: Office) -> None:
    """A reply reaches its request, edits change what is shown, and files arrive whole."""
    jana = homeserver.person("jana")
    room = jana.open_room(office.user_id)
    jana.says(room, "first printer")
    first = until(lambda: office.request("first printer"), "a request")
    jana.says(room, "!new")
    jana.says(room, "second scanner")
    until(lambda: office.request("second scanner"), "a second request")
    office.desk.control("comment", {"issue": first["key"], "text": "<b>Which</b> printer?"})

    def answers(word: str) -> list[dict[str, Any]]:
        mine = [each for each in jana.sees(room) if each["sender"] == office.user_id]
        return [each for each in mine if word in each["content"]["body"]]

    (asked,) = until(lambda: answers("Which"), "an answer")
    assert "&lt;b&gt;Which&lt;/b&gt;" in asked["content"]["formatted_body"]
    relation = {"m.in_reply_to": {"event_id": asked["event_id"]}}
    written = jana.says(room, "the blue one", **{"m.relates_to": relation})

    def comments(word: str) -> list[dict[str, Any]]:
        found = office.desk.control("request", {"issue": first["key"]})["comments"]
        return [each for each in found if word in str(each["text"])]

    until(lambda: comments("blue one"), "the reply in its request")
    new = {"msgtype": "m.text", "body": "the green one"}
    replaces = {"rel_type": "m.replace", "event_id": written}
    jana.says(room, "* the green one", **{"m.new_content": new, "m.relates_to": replaces})
    until(lambda: office.said("green one"), "the edit")

    written_there = office.desk.control("comments", {"issue": first["key"]})
    comment = next(each for each in written_there if "printer?" in str(each["text"]))
    office.desk.control(
        "edit_comment", {"issue": first["key"], "comment": comment["id"], "text": "What colour?"}
    )
    edit = until(lambda: answers("What colour"), "the agent's edit")[-1]
    assert asked["event_id"] == edit["content"]["m.relates_to"]["event_id"]

    uploaded = urllib.request.Request(
        f"{homeserver.url}/_matrix/media/v3/upload?filename=smoke.txt", b"smoke " * 9000,
        {"Authorization": f"Bearer {jana.token}", "Content-Type": "text/plain"}, method="POST",
    )  # fmt: skip
    with urllib.request.urlopen(uploaded, timeout=30) as answer:
        place = answer.read().decode().split('"')[3]
    jana.says(room, "smoke.txt", msgtype="m.file", url=place)
    size = f"'size': {len(b'smoke ' * 9000)}"
    until(lambda: size in str(office.desk.control("requests", {})), "the file in the desk")

    file = {
        "name": "plan.txt",
        "media_type": "text/plain",
        "base64": base64.b64encode(b"water " * 9000).decode(),
    }
    given = {"issue": first["key"], "text": "The plan", "files": [file]}
    office.desk.control("comment", given)

    def sent() -> list[str]:
        return [each["content"]["url"] for each in jana.sees(room)
                if each["sender"] == office.user_id and "url" in each["content"]]  # fmt: skip

    (place,) = until(sent, "the file in the room")
    downloaded = urllib.request.Request(
        f"{homeserver.url}/_matrix/client/v1/media/download/{place.removeprefix('mxc://')}",
        headers={"Authorization": f"Bearer {jana.token}"},
    )
    with urllib.request.urlopen(downloaded, timeout=30) as answer:
        assert b"water " * 9000 == answer.read()
