"""A real homeserver for the heavy tests: Synapse, on the loopback, with people on it."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

PYTHON_OF_SYNAPSE = "CHATBRIDGE_SYNAPSE"
"""Names a Python that has matrix-synapse, where it is not the checkout's own."""
_OF_CHECKOUT = Path(__file__).parents[3] / ".venv-synapse" / "bin" / "python"
SERVER_NAME = "matrix.localhost"
_SECRET = "shared-secret-of-tests"
_PATIENCE = 120.0

_CONFIG = """
server_name: "{name}"
report_stats: false
pid_file: "{folder}/pid"
listeners:
  - {{port: {port}, type: http, tls: false, bind_addresses: ["127.0.0.1"],
      resources: [{{names: [client], compress: false}}]}}
database: {{name: sqlite3, args: {{database: "{folder}/homeserver.db"}}}}
log_config: "{folder}/log.yaml"
media_store_path: "{folder}/media"
signing_key_path: "{folder}/signing.key"
registration_shared_secret: "{secret}"
macaroon_secret_key: "macaroons-of-tests"
form_secret: "forms-of-tests"
trusted_key_servers: []
url_preview_enabled: false
rc_message: {{per_second: 2, burst_count: 4}}
rc_login: {{address: {{per_second: 100, burst_count: 100}}}}
app_service_config_files: {services}
"""
_LOG = """
version: 1
formatters: {{plain: {{format: "%(message)s"}}}}
handlers: {{file: {{class: logging.FileHandler, formatter: plain, filename: "{folder}/log"}}}}
root: {{level: INFO, handlers: [file]}}
disable_existing_loggers: false
"""


class Homeserver:
    """Synapse in a folder of its own."""

    def __init__(self, python: str, folder: Path) -> None:
        self._python, self._folder = python, folder
        self.name = SERVER_NAME
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._configure("[]")

    def register(self, registration: str) -> None:
        """Know an application service from the next start on."""
        (self._folder / "registration.yaml").write_text(registration)
        self._configure("[registration.yaml]")

    def _configure(self, services: str) -> None:
        given = {
            "folder": self._folder, "port": self.port, "name": SERVER_NAME, "secret": _SECRET,
            "services": services,
        }  # fmt: skip
        (self._folder / "homeserver.yaml").write_text(_CONFIG.format(**given))
        (self._folder / "log.yaml").write_text(_LOG.format(**given))

    def start(self) -> None:
        """Start it, and return when it answers."""
        command = [self._python, "-m", "synapse.app.homeserver", "-c", "homeserver.yaml"]
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        made = subprocess.run(
            [*command, "--generate-keys"], cwd=self._folder, env=environment, capture_output=True
        )
        assert 0 == made.returncode, made.stderr[-2000:]
        self._process = subprocess.Popen(
            command, cwd=self._folder, env=environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + _PATIENCE
        while self._process.poll() is None and time.monotonic() < until:
            try:
                request("GET", f"{self.url}/_matrix/client/versions")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("Synapse did not start")

    def stop(self) -> None:
        """End it as an administrator would."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_PATIENCE)
            finally:
                self._process.kill()
                self._process.wait()
            self._process = None

    def answered(self, status: int, method: str) -> int:
        """Return how many calls it has answered so, by its own log."""
        log = (self._folder / "log").read_text(errors="replace")
        return len(re.findall(rf'\b{status}\b "{method} /_matrix', log))

    def person(self, name: str) -> Person:
        """Register an account."""
        url = f"{self.url}/_synapse/admin/v1/register"
        nonce = request("GET", url)["nonce"]
        mac = hmac.new(_SECRET.encode(), digestmod=hashlib.sha1)
        mac.update("\0".join([nonce, name, "password-of-tests", "notadmin"]).encode())
        made = request("POST", url, {
            "nonce": nonce, "username": name, "password": "password-of-tests", "admin": False,
            "mac": mac.hexdigest(),
        })  # fmt: skip
        return self.account(made["user_id"], made["access_token"])

    def account(self, user_id: str, token: str) -> Person:
        """Return an account that is there."""
        return Person(self.url, user_id, token)


class Person:
    """An account, used through the plain API."""

    def __init__(self, url: str, user_id: str, token: str) -> None:
        self.url, self.user_id, self.token, self._number = url, user_id, token, 0

    def call(self, method: str, path: str, value: Any = None) -> Any:
        """Call the API, waiting where the server asks to."""
        while True:
            try:
                return request(method, f"{self.url}/_matrix/{path}", value, self.token)
            except urllib.error.HTTPError as error:
                said = json.loads(error.read())
                if error.code != 429:
                    raise AssertionError(f"{method} {path}: {said}") from None
                time.sleep(said["retry_after_ms"] / 1000)

    def open_room(self, guest: str) -> str:
        """Return a new room into which somebody is invited."""
        made = self.call("POST", "client/v3/createRoom", {"invite": [guest]})
        return str(made["room_id"])

    def says(self, room: str, text: str, **more: Any) -> str:
        """Write a text."""
        self._number += 1
        content = {"msgtype": "m.text", "body": text, **more}
        place = f"rooms/{quote(room)}/send/m.room.message/{self._number}"
        return str(self.call("PUT", f"client/v3/{place}", content)["event_id"])

    def sees(self, room: str) -> list[dict[str, Any]]:
        """Return all messages of a room, as they happened."""
        path = f"client/v3/rooms/{quote(room)}/messages?dir=b&limit=500"
        chunk = self.call("GET", path)["chunk"]
        return [each for each in reversed(chunk) if each["type"] == "m.room.message"]


def request(method: str, url: str, value: Any = None, token: str = "") -> Any:
    """Make one call and return what it is answered."""
    body = None if value is None else json.dumps(value).encode()
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    with urllib.request.urlopen(
        urllib.request.Request(url, body, headers, method=method), timeout=30
    ) as answer:
        return json.loads(answer.read())


@pytest.fixture(scope="session")
def python_of_synapse() -> str:
    """Return a Python that has Synapse, or skip."""
    python = os.environ.get(PYTHON_OF_SYNAPSE) or str(_OF_CHECKOUT)
    try:
        found = subprocess.run([python, "-c", "import synapse"], capture_output=True)
    except OSError:
        pytest.skip("no real homeserver: `make synapse` installs one from PyPI")
    assert 0 == found.returncode, f"{python} has no matrix-synapse; `make synapse` installs it"
    return python


@pytest.fixture
def homeserver(python_of_synapse: str, tmp_path: Path) -> Iterator[Homeserver]:
    """A Synapse in a folder of its own, not started yet."""
    folder = tmp_path / "homeserver"
    folder.mkdir()
    server = Homeserver(python_of_synapse, folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
