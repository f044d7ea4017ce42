"""What an administrator sets for a Telegram bot."""

from __future__ import annotations

import re
from typing import Any

import attrs

from chatbridge.secret import Secret
from chatbridge.settings import check_secrets_before, https_url, setting, with_before

_TOKEN = re.compile(r"[1-9][0-9]{2,19}:[A-Za-z0-9_-]{10,59}")
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


def _token_shape(_owner: Any, _attribute: attrs.Attribute[Any], value: Secret) -> None:
    if not _TOKEN.fullmatch(value.reveal()):
        raise ValueError(
            "does not look like a bot token (digits, a colon, letters): copy it from @BotFather"
        )


def _webhook_secret_shape(
    _owner: Any, _attribute: attrs.Attribute[Any], value: Secret | None
) -> None:
    if value is not None and not _WEBHOOK_SECRET.fullmatch(value.reveal()):
        raise ValueError("must be 1 to 256 characters of A-Z a-z 0-9 _ -")


def _without_slash(url: Any) -> Any:
    return url.rstrip("/") if isinstance(url, str) else url


@attrs.frozen(eq=False)
class TelegramSettings:
    """What the adapter needs to know; the shapes are those of the Bot API's documentation."""

    token: Secret = setting(
        "the bot's token, as @BotFather shows it",
        env="CHATBRIDGE_TELEGRAM_TOKEN",
        validator=_token_shape,
    )
    api_url: str = setting(
        "the Bot API server; change it only for a server of your own",
        default="https://api.telegram.org",
        converter=_without_slash,
        validator=https_url,
    )
    webhook_secret: Secret | None = setting(
        "what webhooks prove themselves with; needed only where webhooks are used",
        default=None,
        env="CHATBRIDGE_TELEGRAM_WEBHOOK_SECRET",
        validator=_webhook_secret_shape,
    )
    webhook_secret_before: Secret | None = setting(
        "the webhook_secret before, taken too while it is being replaced",
        default=None,
        validator=_webhook_secret_shape,
    )

    def __attrs_post_init__(self) -> None:
        """Check what settings say together."""
        check_secrets_before(self)

    @property
    def webhook_secrets(self) -> tuple[Secret, ...]:
        """What webhooks may prove themselves with at this moment."""
        return with_before(self, "webhook_secret")
