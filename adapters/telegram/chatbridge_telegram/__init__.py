"""Telegram for chatbridge: registers the adapter and names its simulator."""

from __future__ import annotations

from chatbridge.hookspecs import RegisterAdapter, hookimpl

from .adapter import TelegramAdapter
from .bot_settings import TelegramSettings

__all__ = ["TelegramAdapter", "TelegramSettings", "chatbridge_register_adapters"]


@hookimpl
def chatbridge_register_adapters(register: RegisterAdapter) -> None:
    """Offer the adapter; see the hook of this name."""
    register(TelegramAdapter, simulator="chatbridge_telegram.simulator:TelegramSimulator")
