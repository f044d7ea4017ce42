"""The group of all commands, their shared options, and what happens when one of them fails."""

from __future__ import annotations

import errno
import traceback
from pathlib import Path
from typing import Any

import click

from chatbridge.cli.conformance import conformance
from chatbridge.cli.demo import demo
from chatbridge.cli.display import logs_to_stderr, say_error
from chatbridge.cli.doctor import doctor
from chatbridge.cli.initialise import init
from chatbridge.cli.invocation import Invocation
from chatbridge.cli.keys import keys
from chatbridge.cli.links import links
from chatbridge.cli.playground import playground
from chatbridge.cli.plugin_list import plugins
from chatbridge.cli.privacy import privacy
from chatbridge.cli.projects import project
from chatbridge.cli.run import run
from chatbridge.cli.scaffold import new_adapter, new_storage
from chatbridge.cli.simulate import simulate
from chatbridge.cli.storage import storage
from chatbridge.cli.webhooks import webhook
from chatbridge.configuration import DEFAULT_FILE
from chatbridge.errors import ChatbridgeError
from chatbridge.plugin_offers import CORE_PACKAGE

_FAILED = 1
_INTERRUPTED = 130


class FailingWell(click.Group):
    """A group whose commands fail with one line that says what to do, and no traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; see `click.Group.invoke`."""
        if ctx.params.get("debug"):
            return super().invoke(ctx)
        try:
            return super().invoke(ctx)
        except ChatbridgeError as error:
            say_error(str(error))
            status = _FAILED
        except (KeyboardInterrupt, click.Abort):
            click.echo("", err=True)
            status = _INTERRUPTED
        except (click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            # Its text may hold a secret or a message, so only its kind and place are told.
            place = traceback.extract_tb(error.__traceback__)[-1]
            say_error(
                f"unexpected {type(error).__name__} in {Path(place.filename).name}, line "
                f"{place.lineno}; this is a fault of chatbridge: please report it (--debug shows "
                "more, secrets perhaps included)"
            )
            status = _FAILED
        return ctx.exit(status)


@click.group(cls=FailingWell, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    default=DEFAULT_FILE,
    show_default=True,
    envvar="CHATBRIDGE_CONFIG",
    show_envvar=True,
    help="The configuration file.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name=CORE_PACKAGE)
@click.pass_context
def chatbridge(ctx: click.Context, config: Path, debug: bool) -> None:  # noqa: ARG001 - read above
    """Carry conversations between chat platforms and Jira Service Management."""
    ctx.obj = Invocation(config)
    ctx.with_resource(logs_to_stderr())


for _command in (
    demo,
    init,
    project,
    doctor,
    run,
    links,
    privacy,
    webhook,
    storage,
    keys,
    plugins,
    simulate,
    playground,
    conformance,
    new_adapter,
    new_storage,
):
    chatbridge.add_command(_command)
