"""`chatbridge simulate`: a desk and chat platforms on this machine, for trying things out."""

from __future__ import annotations

import json

import click

from chatbridge import ConfigurationError, Plugins
from chatbridge.cli.stopping import Stopping
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.serving import SimulationServer
from chatbridge.testing.simulator import Simulator


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True,
              help="Port to listen on; 0 takes a free one.")  # fmt: skip
@click.option("--platform", "platforms", multiple=True, metavar="PLATFORM",
              help="A chat platform to simulate; without it every installed one.")  # fmt: skip
@click.option("--jira", type=click.Choice(["cloud", "data_center"]), default="cloud",
              show_default=True, help="Which Jira the desk is.")  # fmt: skip
def simulate(port: int, platforms: tuple[str, ...], jira: str) -> None:
    """Run simulators of a service desk and of chat platforms. It ends on SIGTERM or Ctrl-C.

    They listen on 127.0.0.1 only and keep everything in memory. When they are ready, one line of
    JSON tells the addresses and the credentials; control_url lists what people can do there.
    """
    plugins = Plugins()
    simulators: dict[str, Simulator] = {"desk": DeskSimulator(kind=jira)}
    for name in platforms or _simulated(plugins):
        simulators[name] = plugins.simulator(name)()
    with Stopping() as stopping, SimulationServer(simulators, port) as server:
        click.echo(json.dumps(server.ready_line()))
        stopping.wait()


def _simulated(plugins: Plugins) -> list[str]:
    """Return the installed platforms that have a simulator."""
    names = [name for plugin in plugins.installed() for name in plugin.adapters]
    found = [name for name in names if plugins.adapter(name).simulator is not None]
    if not found:
        raise ConfigurationError("no adapter is installed; try: pip install chatbridge-telegram")
    return found
