"""`chatbridge playground`: phones, a desk and the real bridge on one local web page."""

from __future__ import annotations

import secrets
import webbrowser
from importlib.util import find_spec

import click

from chatbridge import ConfigurationError
from chatbridge.cli.stopping import Stopping
from chatbridge.playground.example import tell_example
from chatbridge.playground.page import PlaygroundPage
from chatbridge.playground.play import Playground
from chatbridge.web.serving import WebServer

_HOST = "127.0.0.1"
_THREADS = 4


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True,
              help="Port to listen on; 0 takes a free one.")  # fmt: skip
@click.option("--platform", "platforms", multiple=True, metavar="PLATFORM",
              help="A chat platform to play with; without it every installed one.")  # fmt: skip
@click.option("--example", is_flag=True, help="Begin with a short conversation.")
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
def playground(port: int, platforms: tuple[str, ...], *, example: bool, opens: bool) -> None:
    """Try everything out on one web page. Write as customers, answer as agents, let things fail.

    Jira and the chat platforms are simulated, the bridge is the real one. No account is needed,
    nothing leaves this machine, and nothing is kept when it ends. It runs until SIGTERM or Ctrl-C;
    the address that is printed works only on this machine and only in this run.
    """
    play = Playground(platforms)
    if example:
        tell_example(play)
    token = secrets.token_urlsafe(18)
    server = _listening(PlaygroundPage(play, token), port)
    url = f"{server.url}/{token}/"
    with Stopping() as stopping:
        server.start()
        try:
            click.echo(url)
            if opens:
                webbrowser.open(url)
            stopping.wait()
        finally:
            server.stop(1.0)


def _listening(page: PlaygroundPage, port: int) -> WebServer:
    if find_spec("waitress") is None:
        raise ConfigurationError(
            "the playground needs a web server: pip install 'chatbridge-jsm[server]'"
        )
    try:
        return WebServer(page, _HOST, port, threads=_THREADS)
    except ConfigurationError:
        raise ConfigurationError(
            f"cannot listen on {_HOST} port {port}; take another --port, or 0 for a free one"
        ) from None
