"""How the simulated Bot API reads parameters and says no.

As the real server: from the query, a form, JSON or multipart, nested values as objects or as texts
that hold JSON; a JSON body that cannot be read is ignored.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from chatbridge.testing.simulator import SimulatedCall

from .simulated_forms import UploadedFile, read_form


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
        files: uploads, by the name of their part.
    """

    def __init__(
        self, values: dict[str, Any], files: dict[str, UploadedFile] | None = None
    ) -> None:
        self._values = values
        self.files = files or {}

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
        form = read_form(call.headers["Content-Type"], call.body)
        return Parameters({**values, **form.texts}, form.files)
    return Parameters(values)


def _json_body(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
