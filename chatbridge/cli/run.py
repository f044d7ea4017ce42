"""`chatbridge run`: the bridge as a program of its own, until a signal ends it."""

from __future__ import annotations

import logging
import time
from importlib.util import find_spec

import click

from chatbridge import Bridge, ConfigurationError, RetryLaterError
from chatbridge.cli.invocation import Invocation, pass_invocation
from chatbridge.cli.stopping import Stopping
from chatbridge.configuration import Configuration, open_bridge
from chatbridge.records import Project
from chatbridge.web.app import web_app
from chatbridge.web.serving import WebServer

_LEVELS = ["debug", "info", "warning", "error"]


@click.command()
@click.option("--once", is_flag=True, help="Do what is to be done now, then end; for a cron job.")
@click.option("--seconds", type=click.FloatRange(min=1), default=60.0, show_default=True,
              help="The longest time that --once takes.")  # fmt: skip
@click.option("--no-web", is_flag=True, help="Do not listen; enough for polling.")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one.")
@click.option("--public-url", help="https URL under which others reach it.")
@click.option("--workers", type=int, help="Threads that carry messages.")
@click.option("--grace", type=click.FloatRange(min=0), default=20.0, show_default=True,
              help="Seconds to finish what is under way after SIGTERM.")  # fmt: skip
@click.option("--log-level", type=click.Choice(_LEVELS), default="info", show_default=True,
              help="From which level on logs go to standard error.")  # fmt: skip
@pass_invocation
def run(
    invocation: Invocation,
    once: bool,
    seconds: float,
    no_web: bool,
    host: str | None,
    port: int | None,
    public_url: str | None,
    workers: int | None,
    grace: float,
    log_level: str,
) -> None:
    """Carry messages until SIGTERM or Ctrl-C."""
    web = {"host": host, "port": port, "public_url": public_url}
    configuration = invocation.configuration({"web": web, "run": {"workers": workers}})
    # Put back, like all about logs, when the group of commands ends.
    logging.getLogger("chatbridge").setLevel(log_level.upper())
    with open_bridge(configuration) as bridge:
        if once:
            _run_once(bridge, seconds)
        else:
            _run(bridge, configuration, listen=not no_web, grace=grace)


def _run_once(bridge: Bridge, seconds: float) -> None:
    if bridge.run_once(seconds):
        click.echo("everything is done")
        return
    raise RetryLaterError(
        f"not everything was done: {seconds:g} seconds were too short, or a site or platform did "
        "not let us; 'chatbridge doctor' tells, and the next run goes on with it"
    )


def _run(bridge: Bridge, configuration: Configuration, *, listen: bool, grace: float) -> None:
    projects = bridge.admin.projects()
    needed = any(bot.mode == "webhook" for project in projects for bot in project.bots)
    if needed and configuration.web.public_url is None:
        raise ConfigurationError(
            "a bot waits for webhooks, but [web] public_url is not set; set it, or let the bot be "
            "polled: chatbridge webhook remove NAME"
        )
    with Stopping() as stopping:
        server = _server(bridge, configuration, needed=needed) if listen else None
        bridge.start()
        if server is not None:
            server.start()
        if needed and server is None:
            click.echo("note: nothing listens, so webhooks do not arrive here", err=True)
        click.echo(_ready(projects, server))
        stopping.wait()
        click.echo("stopping", err=True)
        until = time.monotonic() + grace
        # First nobody is let in, then what came in is finished.
        ended = server.stop(grace) if server is not None else True
        ended = bridge.stop(max(0.0, until - time.monotonic())) and ended
    if not ended:
        click.echo("some work did not end in time; the next run finishes it", err=True)


def _server(bridge: Bridge, configuration: Configuration, *, needed: bool) -> WebServer | None:
    """Return the web server; None where it is not installed and only /health would be missed."""
    web = configuration.web
    threads = max(8, 2 * configuration.run.workers)
    if not (needed or web.public_url) and find_spec("waitress") is None:
        click.echo("note: no /health without pip install 'chatbridge-jsm[server]'", err=True)
        return None
    return WebServer(web_app(bridge), web.host, web.port, threads=threads)


def _ready(projects: list[Project], server: WebServer | None) -> str:
    names = ", ".join(project.settings.name for project in projects)
    line = f"ready: projects {names}" if projects else "ready, but there are no projects yet"
    return line if server is None else f"{line}; listening on {server.url}"
