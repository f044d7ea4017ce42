"""Viber for chatbridge: registers the adapter and names its simulator."""

from __future__ import annotations

from chatbridge.hookspecs import RegisterAdapter, hookimpl

from .adapter import ViberAdapter
from .bot_settings import ViberSettings

__all__ = ["ViberAdapter", "ViberSettings", "chatbridge_register_adapters"]


@hookimpl
def chatbridge_register_adapters(register: RegisterAdapter) -> None:
    """Offer the adapter; see the hook of this name."""
    register(ViberAdapter, simulator="chatbridge_viber.simulator:ViberSimulator")
