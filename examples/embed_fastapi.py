"""A FastAPI service that carries the bridge in its own process, below /chat.

Set the project up in this folder first (docs/howto/embed.md says how), then, with any number of
workers, and with `--reload` too: uvicorn --factory --no-access-log embed_fastapi:create_app
"""

import asyncio
import os
from contextlib import asynccontextmanager

from a2wsgi import WSGIMiddleware
from fastapi import FastAPI

from chatbridge import Bridge, CloudDesk, Secret, SiteSettings, root_key_from_file
from chatbridge.web import web_app


def open_bridge():
    """Return the bridge on the records in this folder; nothing runs yet."""
    hints = os.environ.get("CHATBRIDGE_HINT_SECRET")
    site = SiteSettings(
        url=os.environ["CHATBRIDGE_SITE_URL"],
        account=os.environ["CHATBRIDGE_SITE_ACCOUNT"],
        token=Secret(os.environ["CHATBRIDGE_SITE_TOKEN"]),
        hint_secret=Secret(hints) if hints else None,
    )
    return Bridge(
        storage="sqlite:chatbridge.db",
        root_keys=root_key_from_file("chatbridge.key"),
        sites=[CloudDesk(site)],
        public_url=os.environ.get("CHATBRIDGE_PUBLIC_URL"),
    )


def create_app():
    """Return the service; its lifespan is that of the bridge's threads."""
    bridge = open_bridge()

    @asynccontextmanager
    async def lifespan(app):
        bridge.start()
        yield
        await asyncio.to_thread(bridge.close)  # waits for what is under way, but not on the loop

    app = FastAPI(lifespan=lifespan)

    @app.get("/")
    async def page():
        return "A page of the service itself."

    # Each call has a thread from its start to its end, and ends though its client hangs up.
    app.mount("/chat", WSGIMiddleware(web_app(bridge), workers=64))
    return app
