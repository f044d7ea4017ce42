"""The WSGI application in front of simulators: their own paths, and `/control` to steer them.

For loopback and made-up data only: whoever reaches it may do anything, without a password. What
is said about a failure names a place in the code and never what somebody sent.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from attrs import asdict

from chatbridge.content import Content
from chatbridge.http_types import Headers, HttpResponse
from chatbridge.testing.simulator import ConnectionLost, Fault, SimulatedCall, Simulator
from chatbridge.testing.simulator_json import json_answer

logger = logging.getLogger("chatbridge.simulation")

FAULT_ACTION = "fault"
_FAULT_MEANING = (
    "POST switches on something that goes wrong (kind, match, status, retry_after, reason,"
    " seconds, times), DELETE lets everything work again, GET shows what is switched on"
)
_FAULT_KINDS = ("status", "lost_before", "lost_after", "slow")
_FAULT_TYPES: dict[str, tuple[type, ...]] = {
    "kind": (str,),
    "match": (str,),
    "status": (int,),
    "retry_after": (int, type(None)),
    "reason": (str,),
    "seconds": (int, float),
    "times": (int, type(None)),
}

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class SimulationApp:
    """A WSGI application.

    A call that shall get no answer raises ConnectionResetError out of the application; the server
    must then close the connection without a byte.

    Args:
        simulators: by the first part of the path under which each is reached.
    """

    def __init__(self, simulators: Mapping[str, Simulator]) -> None:
        for name in simulators:
            if name == "control" or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                raise ValueError("a simulator's name is a lower case word, and not 'control'")
        self._simulators = dict(simulators)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one call; see PEP 3333."""
        response = self._respond(environ)
        if response is None:
            raise ConnectionResetError
        return _start(response, environ, start_response)

    def _respond(self, environ: Environ) -> HttpResponse | None:
        """Return the answer, None where the connection shall be lost."""
        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
        first, _, rest = path.lstrip("/").partition("/")
        try:
            if first == "control":
                return self._control(environ, rest)
            if first in self._simulators:
                return self._simulators[first].answer(_as_call(environ, f"/{rest}"))
        except ConnectionLost:
            return None
        except Exception as error:  # noqa: BLE001 - the server must outlive a simulator's mistake
            return _mistake(error)
        return _failure(404, f"there are only: control, {self._names()}")

    def _control(self, environ: Environ, rest: str) -> HttpResponse:
        if not rest.strip("/"):
            return json_answer(
                {
                    name: {**simulator.actions(), FAULT_ACTION: _FAULT_MEANING}
                    for name, simulator in self._simulators.items()
                }
            )
        name, _, action = rest.strip("/").partition("/")
        simulator = self._simulators.get(name)
        if simulator is None:
            return _failure(404, f"there is no simulator of this name, only {self._names()}")
        method = environ["REQUEST_METHOD"]
        try:
            if action == FAULT_ACTION:
                return _control_faults(simulator, method, environ)
            if method not in {"GET", "POST"}:
                return _failure(405, "actions take GET or POST")
            arguments = _query(environ) if method == "GET" else _arguments(environ)
            return json_answer(simulator.control(action, arguments))
        except LookupError as error:
            return _failure(404, str(error.args[0]) if error.args else "there is no such thing")
        except ValueError as error:
            return _failure(400, str(error))

    def _names(self) -> str:
        return ", ".join(self._simulators)


def _control_faults(simulator: Simulator, method: str, environ: Environ) -> HttpResponse:
    if method == "DELETE":
        simulator.clear_faults()
    elif method == "POST":
        simulator.switch_fault(_as_fault(_arguments(environ)))
    elif method != "GET":
        return _failure(405, "faults take GET, POST or DELETE")
    with simulator.changed:
        return json_answer([asdict(fault) for fault in simulator.faults])


def _as_fault(arguments: dict[str, Any]) -> Fault:
    for name, value in arguments.items():
        types = _FAULT_TYPES.get(name)
        if types is None:
            raise ValueError(f"a fault does not know this field (known: {', '.join(_FAULT_TYPES)})")
        if not isinstance(value, types) or isinstance(value, bool):
            allowed = " or ".join(kind.__name__ for kind in types)
            raise ValueError(f"{name} must be {allowed}")  # noqa: TRY004 - told as a 400
    if arguments.get("kind") not in _FAULT_KINDS:
        raise ValueError(f"kind must be one of {', '.join(_FAULT_KINDS)}")
    try:
        re.compile(arguments.get("match", ""))
    except re.error:
        raise ValueError("match must be a regular expression") from None
    return Fault(**arguments)


def _as_call(environ: Environ, path: str) -> SimulatedCall:
    query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    fields = [
        (name[5:].replace("_", "-").title(), value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    ]
    fields += [
        (name.replace("_", "-").title(), environ[name])
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        if environ.get(name)
    ]
    return SimulatedCall(
        method=environ["REQUEST_METHOD"],
        path=path,
        query=dict(query),
        query_all=tuple(query),
        headers=Headers(fields),
        body=_body(environ),
    )


def _body(environ: Environ) -> bytes:
    # Only a server that ends the stream itself may be asked for all of it (PEP 3333).
    terminated = environ.get("wsgi.input_terminated")
    body: bytes = environ["wsgi.input"].read(
        -1 if terminated else int(environ.get("CONTENT_LENGTH") or 0)
    )
    return body


def _query(environ: Environ) -> dict[str, Any]:
    return dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))


def _arguments(environ: Environ) -> dict[str, Any]:
    try:
        arguments = json.loads(_body(environ) or b"{}")
    except (ValueError, RecursionError):
        raise ValueError("the body must be JSON") from None
    if not isinstance(arguments, dict):
        raise ValueError("the body must be a JSON object of arguments")  # noqa: TRY004 - a 400
    return arguments


def _failure(status: int, text: str) -> HttpResponse:
    return json_answer({"error": text}, status)


def _mistake(error: Exception) -> HttpResponse:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    file = frame.filename.rpartition("/")[2]
    text = f"the simulator failed with {type(error).__name__} at {file}:{frame.lineno}"
    logger.error("%s", text)
    return _failure(500, text)


def _start(
    response: HttpResponse, environ: Environ, start_response: StartResponse
) -> Iterable[bytes]:
    try:
        reason = HTTPStatus(response.status).phrase
    except ValueError:
        reason = "Unknown"
    fields = [
        (name, value)
        for name, value in response.headers.items()
        if name.lower() not in {"content-length", "connection", "transfer-encoding"}
    ]
    length = len(response.body) if response.content is None else response.content.length
    if length is not None:
        fields.append(("Content-Length", str(length)))
    start_response(f"{response.status} {reason}", fields)
    if environ["REQUEST_METHOD"] == "HEAD":
        return [b""]
    return [response.body] if response.content is None else _pieces(response.content)


def _pieces(content: Content) -> Iterator[bytes]:
    with content.open() as pieces:
        yield from pieces
