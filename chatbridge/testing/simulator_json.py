"""The JSON of simulators: what they answer with, and the arguments that their actions are given.

A wrong argument is told in words, as `Simulator.control` promises.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chatbridge.http_types import HttpResponse


def json_answer(
    value: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Return an answer with a JSON body.

    Args:
        value: what JSON can carry; text that is no Unicode is replaced.
        status: of the answer.
        headers: header fields besides the media type.
    """
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    return HttpResponse(status, {"Content-Type": "application/json", **(headers or {})}, body)


def text_argument(arguments: Mapping[str, Any], name: str) -> str:
    """Return an argument that must be a text; a whole number is taken for its digits.

    Raises:
        ValueError: it is absent, empty or something else.
    """
    value = arguments.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value:
        return value
    raise ValueError(f"{name} must be a text that is not empty")
