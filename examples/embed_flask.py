"""A Flask service under waitress that carries the bridge in its own process, below /chat.

Set the project up in this folder first (docs/howto/embed.md says how), then: python embed_flask.py
"""

import os
import signal
import sys

from flask import Flask
from waitress import create_server
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


def create_app(bridge):
    """Return the service; it starts nothing, so a reloader or a command may make it too."""
    app = Flask(__name__)

    @app.get("/")
    def page():
        return "A page of the service itself."

    # Beside Flask's own routes, so that its error pages and logs see no path of a webhook.
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/chat": web_app(bridge)})
    return app


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with open_bridge() as bridge:  # its end finishes what is under way
        # Waitress must not move long bodies, what people wrote, into temporary files.
        in_memory = {"inbuf_overflow": 2**31, "outbuf_overflow": 2**31}
        listen = "127.0.0.1:" + os.environ.get("PORT", "8000")
        server = create_server(create_app(bridge), listen=listen, threads=32, **in_memory)
        bridge.start()
        print(f"ready: http://{listen}", flush=True)
        server.run()
