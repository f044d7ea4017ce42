"""How the simulated Bot API reads parameters and says no.

As the real server: from the query, a form, JSON or multipart, nested values as objects or as texts
that hold JSON; a JSON body that cannot be read is ignored.
"""

from __future__ import annotations

import json
from email import message_from_bytes
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from chatbridge.testing.simulator import SimulatedCall


class ApiError(Exception):
    """An answer with `ok` false.

    Args:
        code: the error code, which is the HTTP status as well.
        description: the text, its prefix included.
        parameters: the member of that name, or None.
    """

    def __init__(
        self, code: int, description: str, parameters: dict[str, Any] | None = None
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(text: str) -> ApiError:
    """Return a 400 with this text."""
    return ApiError(400, f"Bad Request: {text}")


class Parameters:
    """The parameters of one call, read as the kind that a method expects.

    Args:
        values: by name, as they came.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def text(self, name: str) -> str:
        """Return a parameter as text, empty where absent."""
        value = self._values.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str, default: int = 0) -> int:
        """Return a parameter as a whole number, the default where it is none."""
        try:
            return int(self.text(name).strip() or default)
        except ValueError:
            return default

    def flag(self, name: str) -> bool:
        """Return whether a parameter means yes."""
        return self.text(name).strip().lower() in {"true", "1", "yes"}

    def nested(self, name: str) -> Any:
        """Return a parameter that is an object or a list.

        Raises:
            ApiError: it is a text that is no JSON.
        """
        value = self._values.get(name)
        if not isinstance(value, str) or not value:
            return value or None
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            pass
        raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object")


def read_parameters(call: SimulatedCall) -> Parameters:
    """Return the parameters of a call; those of the body win over those of the query."""
    values: dict[str, Any] = dict(call.query)
    kind = call.headers.get("Content-Type", "").lower()
    if kind.startswith("application/json"):
        values.update(_json_body(call.body))
    elif kind.startswith("application/x-www-form-urlencoded"):
        values.update(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    elif kind.startswith("multipart/form-data"):
        values.update(_multipart_body(call))
    return Parameters(values)


def _json_body(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _multipart_body(call: SimulatedCall) -> dict[str, str]:
    head = f"Content-Type: {call.headers['Content-Type']}\r\n\r\n".encode()
    message = message_from_bytes(head + call.body, policy=HTTP)
    values = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and part.get_filename() is None:
            payload = part.get_payload(decode=True)
            values[name] = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return values
