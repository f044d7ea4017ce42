"""A Django service that carries the bridge in its own process: what goes into its `wsgi.py`.

Set the project up in this folder first (docs/howto/embed.md says how), then, in each of gunicorn's
workers one bridge: gunicorn --threads 32 'embed_django:in_this_process()'
"""

import atexit
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from chatbridge import Bridge, CloudDesk, Secret, SiteSettings, root_key_from_file
from chatbridge.web import web_app

urlpatterns = [path("", lambda request: HttpResponse("A page of the service itself."))]


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
    """Return the service; it starts nothing."""
    if not settings.configured:  # your own settings module instead
        settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1", "localhost"])
    # Beside Django's own routes, so that its logs see no path of a webhook.
    return DispatcherMiddleware(get_wsgi_application(), {"/chat": web_app(bridge)})


def in_this_process():
    """Return the service with its bridge started: here, and never in `AppConfig.ready`.

    That one runs for `migrate`, and twice under the reloader, too.
    """
    bridge = open_bridge()
    bridge.start()
    atexit.register(bridge.close)  # finishes what is under way
    return create_app(bridge)
