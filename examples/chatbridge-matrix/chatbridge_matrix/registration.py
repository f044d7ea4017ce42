"""The registration of the bot as an application service, as a homeserver's configuration takes it.

Made with new tokens each time; nothing is kept here.
"""

from __future__ import annotations

import json
import re
import secrets

from chatbridge import ConfigurationError

_USER = re.compile(r"@([a-z0-9._=/+-]+):([A-Za-z0-9.:\[\]-]+)")


def registration(user_id: str, url: str) -> str:
    """Return the registration as YAML.

    Args:
        user_id: of the bot, such as @helpdesk:example.org; the homeserver makes the account.
        url: as `chatbridge webhook url matrix USER_ID` prints it.

    Raises:
        ConfigurationError: one of them is none.
    """
    found = _USER.fullmatch(user_id)
    if found is None:
        raise ConfigurationError("the bot is named by its whole id, such as @helpdesk:example.org")
    if not url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        raise ConfigurationError("the URL must begin with https://")
    # What JSON writes as a text is one in YAML, too.
    members = {
        "id": f"chatbridge-{found[1]}",
        "url": url,
        "as_token": secrets.token_urlsafe(32),
        "hs_token": secrets.token_urlsafe(32),
        "sender_localpart": found[1],
    }
    lines = [f"{name}: {json.dumps(value)}" for name, value in members.items()]
    return "\n".join([*lines, "rate_limited: false", "namespaces: {}", ""])
