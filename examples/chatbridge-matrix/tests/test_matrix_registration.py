"""The registration that makes a bot an application service of its homeserver."""

from __future__ import annotations

import json

import pytest

from chatbridge_matrix.__main__ import main

USER = "@helpdesk:example.org"
URL = "https://support.example/chat/webhooks/matrix/4f2a"


def _members(text: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in text.splitlines())


def test_a_registration_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """It names the bot and the URL, has two long tokens of its own, and claims no names."""
    assert [0, 0] == [main([USER, URL]) for _ in range(2)]
    whole = capsys.readouterr().out
    half = len(whole.splitlines()) // 2
    first, second = (
        _members("\n".join(whole.splitlines()[part : part + half])) for part in (0, half)
    )
    assert (URL, "helpdesk") == (json.loads(first["url"]), json.loads(first["sender_localpart"]))
    assert ("false", "{}") == (first["rate_limited"], first["namespaces"])
    tokens = {each[name] for each in (first, second) for name in ("as_token", "hs_token")}
    assert 4 == len(tokens)
    assert all(len(token) > 40 for token in tokens)


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ([USER], 2, "USER_ID URL"),
        (["helpdesk", URL], 1, "whole id"),
        ([USER, "http://support.example"], 1, "https://"),
    ],
)
def test_what_is_wrong_is_said(
    capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, told: str
) -> None:
    """Nothing is printed that a homeserver could take for a registration."""
    assert status == main(arguments)
    shown = capsys.readouterr()
    assert "" == shown.out
    assert told in shown.err
