"""A service under gunicorn with preload: one bridge, made before the fork, started after it.

Set the project up in this folder first (docs/howto/embed.md says how), then: python
embed_gunicorn.py. With a settings file of your own, put the same hooks into it.
"""

import os

from gunicorn.app.base import BaseApplication
from werkzeug.middleware.dispatcher import DispatcherMiddleware

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


class Service(BaseApplication):
    """Pages of its own, and the bridge below /chat, in two processes."""

    def load_config(self):
        for name, value in {
            "bind": "127.0.0.1:" + os.environ.get("PORT", "8000"),
            "workers": 2,
            "threads": 32,
            "preload_app": True,
            "when_ready": lambda server: print(f"ready: {server.LISTENERS[0]}", flush=True),
            "post_fork": lambda server, worker: self.bridge.start(),  # a fork has no threads
            "worker_exit": lambda server, worker: self.bridge.close(),
        }.items():
            self.cfg.set(name, value)

    def load(self):
        self.bridge = open_bridge()
        return DispatcherMiddleware(page, {"/chat": web_app(self.bridge)})


def page(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"A page of the service itself."]


if __name__ == "__main__":
    Service().run()
