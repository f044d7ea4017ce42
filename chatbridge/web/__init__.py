"""The web side of a bridge: a WSGI application to mount, and a server for those who have none."""

from __future__ import annotations

from chatbridge.web.app import web_app

__all__ = ["web_app"]
