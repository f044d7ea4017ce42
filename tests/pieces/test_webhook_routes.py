"""Which calls are webhooks is decided by method and path, before anything else is looked at."""

from __future__ import annotations

import pytest

from chatbridge import WebhookRequest
from chatbridge.webhook_routes import unrouted

_MATRIX = ("PUT /app/v1/transactions/*", "POST /app/v1/ping", "GET /app/v1/users/*")


@pytest.mark.parametrize(
    ("routes", "call", "status"),
    [
        (("POST",), "POST", None),
        (("POST",), "GET", 405),
        (("POST",), "HEAD", 405),
        (("POST",), "POST /", 404),
        (("POST",), "POST /more", 404),
        (("GET", "POST"), "GET", None),
        (_MATRIX, "PUT /app/v1/transactions/42", None),
        (_MATRIX, "PUT /app/v1/transactions/", 404),
        (_MATRIX, "PUT /app/v1/transactions", 404),
        (_MATRIX, "PUT /app/v1/transactions/42/43", 404),
        (_MATRIX, "POST /app/v1/transactions/42", 405),
        (_MATRIX, "POST /app/v1/ping", None),
        (_MATRIX, "GET /app/v1/users/@a:b", None),
        (_MATRIX, "POST", 404),
        ((), "POST", 404),
    ],
)
def test_only_declared_calls_are_webhooks(
    routes: tuple[str, ...], call: str, status: int | None
) -> None:
    """Another path is 404 and another method 405; a star stands for one segment, and no more."""
    method, _, path = call.partition(" ")
    answer = unrouted(routes, WebhookRequest({}, b"", method=method, path=path))
    assert status == (answer.status if answer is not None else None)


def test_a_wrong_method_is_told_the_right_ones() -> None:
    """As HTTP asks, 405 names the methods of this path, each once."""
    call = WebhookRequest({}, b"", method="PUT")
    answer = unrouted(("POST", "GET", "POST", "PUT /other"), call)
    assert answer is not None
    assert "POST, GET" == answer.headers["Allow"]
