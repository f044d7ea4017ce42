"""Each service that embeds the bridge takes webhooks, hints and fetches of files, and delivers."""

from __future__ import annotations

import ast
import asyncio
import hashlib
import importlib.util
import signal
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PICTURE = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
PAGE = "A page of the service itself."
PATIENCE = 30.0
SECRET = "secret-of-hints"

COMMANDS = {
    "embed_wsgi": ["embed_wsgi.py"],
    "embed_flask": ["embed_flask.py"],
    "embed_django": ["gunicorn", "--threads=8", "-b", "127.0.0.1:{port}",
                     "embed_django:in_this_process()"],
    "embed_fastapi": ["uvicorn", "--port={port}", "--no-access-log", "--factory",
                      "embed_fastapi:create_app"],
    "embed_gunicorn": ["embed_gunicorn.py"],
}  # fmt: skip
NEEDS = {
    "embed_wsgi": "waitress",
    "embed_flask": "flask",
    "embed_django": "django",
    "embed_fastapi": "fastapi",
    "embed_gunicorn": "gunicorn",
}
EACH = [
    pytest.param(
        name,
        marks=[pytest.mark.skipif(find_spec(need) is None, reason=f"{need} is not installed")],
    )
    for name, need in NEEDS.items()
]


def _status(url: str, body: bytes | None = None) -> int:
    try:
        with urllib.request.urlopen(url, body, timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


@pytest.fixture
def serve(bare_town) -> Callable[[str], Any]:
    """Return what starts an example, gives it a bot with webhooks, and lets Jira send hints."""
    town = bare_town

    def start(name: str) -> Any:
        command = [each.format(port=town.port) for each in COMMANDS[name]]
        given = {"PORT": str(town.port), "CHATBRIDGE_HINT_SECRET": SECRET}
        process = town.run(*command, **given, CHATBRIDGE_PUBLIC_URL=town.public_url)
        up = threading.Event()
        for _ in range(600):
            if process.poll() is not None or _status(f"http://127.0.0.1:{town.port}/"):
                break
            up.wait(0.05)
        assert process.poll() is None, town.log()
        # Viber asks the address while the webhook is set, so the service has to be there.
        town.set_project("viber", "webhook")
        town.set_hints()
        return process

    return start


def _opens(town) -> str:
    town.writes("My printer is on fire")
    assert town.wait(town.desk, lambda: bool(town.requests())), town.log()
    key = str(town.requests()[-1]["key"])
    assert town.wait(town.viber, lambda: any(key in each["text"] for each in town.on_viber()))
    return key


def _delivers(town, key: str, text: str) -> bool:
    town.answers(key, text, PICTURE)
    digest = hashlib.sha256(PICTURE).hexdigest()

    def arrived() -> bool:
        shown = town.on_viber()
        words = any(text in each["text"] for each in shown)
        return words and any((each["file"] or {}).get("sha256") == digest for each in shown)

    done: bool = town.wait(town.viber, arrived)
    return done


@pytest.mark.parametrize("name", EACH)
def test_a_service_carries_a_conversation(bare_town, serve, name: str) -> None:
    """Its page answers, a webhook opens a request, a hint brings the answer, a file is fetched."""
    process = serve(name)
    url = f"http://127.0.0.1:{bare_town.port}"
    statuses = [
        _status(f"{url}/"),
        _status(f"{url}/chat/health"),
        _status(f"{url}/chat/files/no/such.pdf"),
        _status(f"{url}/chat/hints/127.0.0.1", b"{}"),
        _status(f"{url}/chat/webhooks/viber/no-such-token", b"{}"),
    ]
    assert [200, 200, 404, 403, 404] == statuses
    key = _opens(bare_town)
    assert _delivers(bare_town, key, "Have you tried water?"), bare_town.log()
    process.send_signal(signal.SIGTERM)
    code, log = process.wait(60), bare_town.log()
    assert (True, False) == (code in {0, -signal.SIGTERM}, "Traceback" in log), log
    assert [] == [each for each in ("/webhooks/", "/files/", "printer", key) if each in log]


@pytest.mark.heavy
@pytest.mark.skipif(find_spec("gunicorn") is None, reason="gunicorn is not installed")
def test_a_reload_of_gunicorn_loses_nothing(bare_town, serve) -> None:
    """After SIGHUP new workers, forked from the same bridge, take the conversation up."""
    process = serve("embed_gunicorn")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    before = set(children.read_text().split())
    key = _opens(bare_town)
    process.send_signal(signal.SIGHUP)
    assert _delivers(bare_town, key, "Have you tried water?"), bare_town.log()
    pause = threading.Event()
    for _ in range(600):
        after = set(children.read_text().split())
        if len(after) == 2 and not after & before:
            break
        pause.wait(0.05)
    assert (2, set()) == (len(after), after & before)
    assert _delivers(bare_town, key, "And then?"), bare_town.log()
    process.send_signal(signal.SIGTERM)
    assert (0, False) == (process.wait(60), "Traceback" in bare_town.log())


# --- in this process, by the frameworks' own clients ----------------------------------------------


@pytest.fixture
def example(bare_town, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Return what imports an example that works in the town's folder."""
    monkeypatch.chdir(bare_town.folder)
    for name, value in bare_town.environment.items():
        monkeypatch.setenv(name, value)

    def load(name: str) -> Any:
        spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    return load


def _bridge_threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("chatbridge")]


def test_flask_makes_its_app_without_starting_anything(example) -> None:
    """Flask's client reaches its own page and, below /chat, the bridge; no thread is there."""
    pytest.importorskip("flask")
    module = example("embed_flask")
    with module.open_bridge() as bridge:
        client = module.create_app(bridge).test_client()
        page, hint = client.get("/"), client.post("/chat/hints/127.0.0.1", data=b"{}")
        missing = client.get("/chat/files/no/such.pdf")
        found = (page.text, hint.status_code, missing.status_code, _bridge_threads())
    assert (PAGE, 403, 404, []) == found


def test_django_makes_its_app_without_starting_anything(example) -> None:
    """Django's client sees its own page; below /chat answers the bridge; no thread is there."""
    pytest.importorskip("django")
    from django.test import Client
    from werkzeug.test import Client as WsgiClient

    module = example("embed_django")
    with module.open_bridge() as bridge:
        client = WsgiClient(module.create_app(bridge))
        hint = client.post("/chat/hints/127.0.0.1", data=b"{}").status_code
        page = Client(HTTP_HOST="localhost").get("/").content.decode()
        found = (page, client.get("/", "http://localhost").text, hint, _bridge_threads())
    assert (PAGE, PAGE, 403, []) == found


def test_fastapi_starts_and_ends_with_its_lifespan(example) -> None:
    """Threads run from the start of the lifespan to its end, and not before or after."""
    pytest.importorskip("fastapi")
    httpx = pytest.importorskip("httpx")
    app = example("embed_fastapi").create_app()
    made = _bridge_threads()

    async def life() -> tuple[bool, str, int]:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://localhost"
            ) as client,
        ):
            running = bool(_bridge_threads())
            hint = await client.post("/chat/hints/127.0.0.1", content=b"{}")
            return running, (await client.get("/")).json(), hint.status_code

    assert ([], (True, PAGE, 403), []) == (made, asyncio.run(life()), _bridge_threads())


# --- what a reader may expect of all of them ------------------------------------------------------


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("embed_*.py")), ids=lambda path: path.stem)
def test_an_example_is_short_and_uses_the_public_door(path: Path) -> None:
    """Under 60 lines, run by a test, and nothing but public names."""
    text = path.read_text(encoding="utf-8")
    modules = {
        each.module
        for each in ast.walk(ast.parse(text))
        if isinstance(each, ast.ImportFrom) and (each.module or "").startswith("chatbridge")
    }
    assert (True, {"chatbridge", "chatbridge.web"}) == (len(text.splitlines()) < 60, modules)
    assert path.stem in COMMANDS
