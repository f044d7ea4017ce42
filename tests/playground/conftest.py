"""The playground in this process, its page called as a server calls it."""

from __future__ import annotations

import base64
import io
import json
import os
import select
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from fcntl import F_DUPFD, fcntl
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from chatbridge.playground.page import PlaygroundPage
from chatbridge.playground.play import Playground
from chatbridge.web.serving import WebServer

PATIENCE = 30.0
TOKEN = "token-of-this-run"
HOST = "127.0.0.1:8765"


class Caller:
    """Calls the page, by default as the page itself does."""

    def __init__(self, page: PlaygroundPage) -> None:
        self.page = page
        self.fields: dict[str, str] = {}

    def __call__(
        self, method: str, path: str, body: bytes = b"", **changes: str | None
    ) -> tuple[int, bytes]:
        """Return status and body of the answer; its header fields are in `fields`."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "SERVER_PORT": "8765",
            "HTTP_HOST": HOST, "HTTP_ORIGIN": f"http://{HOST}",
            "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body), **changes,
        }  # fmt: skip
        given = {name: value for name, value in environ.items() if value is not None}
        told: list[str] = []

        def start(status: str, fields: list[tuple[str, str]]) -> None:
            told.append(status)
            self.fields = dict(fields)

        answer = b"".join(self.page(given, start))
        return int(told[0].split()[0]), answer

    def post(self, path: str, given: Any, **changes: str | None) -> tuple[int, Any]:
        """Return status and JSON of a POST below the token."""
        body = json.dumps(given).encode()
        status, answer = self("POST", f"/{TOKEN}/{path}", body, **changes)
        return status, json.loads(answer)


class People:
    """Who plays, through the page's endpoints; remembers what was seen last."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self.seen: dict[str, Any] = {}

    def do(self, action: str, **given: Any) -> dict[str, Any]:
        """Do something that must work."""
        status, self.seen = self._caller.post(f"do/{action}", given)
        assert 200 == status, self.seen
        return self.seen

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.do("skip", seconds=seconds)

    def chat(self, platform: str) -> list[dict[str, Any]]:
        """Return the messages on a phone."""
        return next(
            phone["messages"] for phone in self.seen["phones"] if phone["platform"] == platform
        )

    def shown(self, platform: str, text: str) -> int:
        """Return how many messages of the bot on a phone hold this text."""
        return sum(text in each["text"] for each in self.chat(platform) if each["bot"])

    def opened(self, platform: str = "telegram", text: str = "My printer burns") -> str:
        """Let a customer open a request; return its key."""
        self.do("say", platform=platform, text=text)
        self.later(5)
        return str(self.seen["requests"][0]["key"])

    def in_jira(self, text: str) -> list[bool]:
        """Return for each comment with this text whether it is public."""
        return [
            comment["public"]
            for request in self.seen["requests"]
            for comment in request["comments"]
            if text in comment["text"]
        ]


@pytest.fixture
def real_time() -> list[float]:
    """The real time of a playground, that a test moves; its only item."""
    return [0.0]


@pytest.fixture
def play(real_time: list[float]) -> Playground:
    """A playground with the two platforms that are at hand."""
    return Playground(("telegram", "viber"), start=1_800_000_000.0, now=lambda: real_time[0])


@pytest.fixture
def caller(play: Playground) -> Caller:
    """Calls its page."""
    return Caller(PlaygroundPage(play, TOKEN))


@pytest.fixture
def people(caller: Caller) -> People:
    """Its customers and agents."""
    return People(caller)


@pytest.fixture
def sample() -> Callable[[str], str]:
    """Return a picture that comes with the page, as base64."""
    folder = files("chatbridge.playground").joinpath("static")
    return lambda name: base64.b64encode(folder.joinpath(f"{name}.png").read_bytes()).decode()


class Browser:
    """A headless Chromium with one page, driven by its DevTools protocol over two pipes.

    Everything it waits for has a limit, and it is ended whatever happens.
    """

    def __init__(self, program: str, folder: Path) -> None:
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        # The protocol wants the descriptors 3 and 4; copies stay clear of being overwritten.
        high_in, high_out = fcntl(theirs_in, F_DUPFD, 10), fcntl(theirs_out, F_DUPFD, 10)

        def place_pipes() -> None:
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        self._process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--remote-debugging-pipe",
             "--window-size=1280,800", f"--user-data-dir={folder}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=(3, 4, high_in, high_out), preexec_fn=place_pipes,
        )  # fmt: skip
        for each in (theirs_in, theirs_out, high_in, high_out):
            os.close(each)
        self._buffer = b""
        self._count = 0
        self._session: str | None = None
        self.errors: list[str] = []
        found = self._call("Target.getTargets")["targetInfos"]
        target = next(each["targetId"] for each in found if each["type"] == "page")
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self._call("Runtime.enable")
        self._call("Log.enable")

    def open(self, url: str) -> None:
        """Open a page."""
        self._call("Page.navigate", url=url)

    def ask(self, expression: str) -> Any:
        """Return what a JavaScript expression gives, a promise awaited."""
        asked = self._call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in asked, asked["exceptionDetails"]
        return asked["result"].get("value")

    def await_true(self, expression: str) -> None:
        """Return once an expression is true, looked at whenever the page draws."""
        self.ask(
            f"""new Promise((done, failed) => {{
                const until = performance.now() + {PATIENCE * 1000};
                const look = () => {{
                    if ({expression}) done(true);
                    else if (performance.now() > until) failed(new Error("never so"));
                    else setTimeout(look, 50);
                }};
                look();
            }})"""
        )

    def click(self, selector: str) -> None:
        """Click on the first element that fits, where it lies on the screen."""
        at = self.ask(
            f"""(() => {{
                const found = document.querySelector({json.dumps(selector)});
                found.scrollIntoView({{ block: "nearest" }});
                const box = found.getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2];
            }})()"""
        )
        for kind in ("mousePressed", "mouseReleased"):
            self._call(
                "Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left",
                clickCount=1,
            )  # fmt: skip

    def write(self, text: str) -> None:
        """Type into what has the focus."""
        self._call("Input.insertText", text=text)

    def key(self, name: str, code: int, text: str = "", modifiers: int = 0) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self._call(
                "Input.dispatchKeyEvent", type=kind, key=name, code=name,
                windowsVirtualKeyCode=code, modifiers=modifiers, **more,
            )  # fmt: skip

    def accessible(self) -> list[dict[str, Any]]:
        """Return what a screen reader is told of the page."""
        nodes = self._call("Accessibility.getFullAXTree")["nodes"]
        return [node for node in nodes if not node["ignored"]]

    def close(self) -> None:
        """End it, and let it remove what it keeps in the system's folder for such."""
        self._session = None
        with suppress(AssertionError, OSError, subprocess.TimeoutExpired):
            self._call("Browser.close")
            self._process.wait(PATIENCE)
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def _call(self, method: str, **given: Any) -> dict[str, Any]:
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": given}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("method") in {"Runtime.exceptionThrown", "Log.entryAdded"}:
                self.errors.append(json.dumps(answer["params"])[:500])
            if answer.get("id") == self._count:
                assert "error" not in answer, answer["error"]
                return dict(answer["result"])

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], 2 * PATIENCE)
            assert ready, "the browser does not answer"
            piece = os.read(self._from, 65536)
            assert piece, "the browser has ended"
            self._buffer += piece
        first, self._buffer = self._buffer.split(b"\0", 1)
        return dict(json.loads(first))


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """A headless Chromium; skips where there is none."""
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    program = next(filter(None, found), None)
    if program is None:
        pytest.skip("there is no Chromium; on Debian: apt-get install chromium")
    made = Browser(program, tmp_path / "profile")
    yield made
    made.close()


@pytest.fixture
def address(play: Playground) -> Iterator[str]:
    """The address of the page behind a real server."""
    server = WebServer(PlaygroundPage(play, TOKEN), "127.0.0.1", 0, threads=4)
    server.start()
    yield f"{server.url}/{TOKEN}/"
    server.stop(1.0)
