"""A host of the bridge as a program of its own, so that a test can kill it; it reads what to do.

The first line of its input is JSON; it says in a line of JSON when it is ready, and ends with its
input. With `"only_url"` it just says to which URL a homeserver brings events.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import chatbridge_matrix
from chatbridge import (
    Bridge,
    CloudDesk,
    NewBot,
    Plugins,
    ProjectSettings,
    Secret,
    SiteSettings,
    Timings,
    root_key_from_text,
)
from chatbridge.web import web_app
from chatbridge.web.serving import WebServer

_QUICK = Timings(
    feed_every=1.0, poll_wait=5.0, lease=3.0, comment_settle=4.0, request_settle=6.0,
    upkeep_every=5.0, burst=100,
)  # fmt: skip


def _opened(given: dict[str, Any]) -> Bridge:
    plugins = Plugins()
    plugins.register(chatbridge_matrix)
    desk = given["desk"]
    site = SiteSettings(url=desk["url"], account=desk["account"], token=Secret(desk["token"]))
    return Bridge(
        storage=given["storage"], root_keys=root_key_from_text(given["key"]), plugins=plugins,
        sites=[CloudDesk(site)], workers=4, timings=_QUICK,
        public_url=f"http://127.0.0.1:{given['port']}/chat",
    )  # fmt: skip


def _set_up(bridge: Bridge, given: dict[str, Any]) -> None:
    if not bridge.admin.projects():
        settings = ProjectSettings(
            name="support", service_desk="10", request_type="25", privacy_notice=""
        )
        bot = NewBot("matrix", given["bot"], mode=given["mode"])
        bridge.admin.set_project(settings, [bot])


def _below_chat(app: Any) -> Any:
    """Mount the application as a host does that has pages of its own."""

    def mounted(environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"].removeprefix("/chat")
        return app({**environ, "SCRIPT_NAME": "/chat", "PATH_INFO": path}, start_response)

    return mounted


def main() -> None:
    """Serve until the input ends."""
    given = json.loads(sys.stdin.readline())
    with _opened(given) as bridge:
        url = bridge.webhook_url(("matrix", given["user_id"]))
        if not given.get("only_url"):
            _set_up(bridge, given)
            server = WebServer(_below_chat(web_app(bridge)), "127.0.0.1", given["port"])
            server.start()
            bridge.start()
        print(json.dumps({"url": url}), flush=True)
        if not given.get("only_url"):
            sys.stdin.read()
            server.stop(5.0)


if __name__ == "__main__":
    main()
