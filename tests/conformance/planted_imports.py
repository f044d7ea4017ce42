"""Adapters whose source is wrong; see `planted`."""

from __future__ import annotations

import datetime
import socket
from typing import Any

from chatbridge.inbound import Inbound
from chatbridge_telegram import TelegramAdapter

# ruff: noqa: D101 - each class is described by its name


class ImportsTheInside(TelegramAdapter):
    inside = Inbound


class ImportsSockets(TelegramAdapter):
    outside = socket


class AsksForToday(TelegramAdapter):
    def parse(self, webhook: Any) -> Any:
        datetime.datetime.now(datetime.UTC)
        return super().parse(webhook)


class YieldsAtTheEnd(TelegramAdapter):
    def identify(self) -> Any:
        try:
            return (yield from super().identify())
        finally:
            yield from self.webhook_state()
