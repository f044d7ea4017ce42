"""What the commands of one call share: where the configuration is, and the way to a bridge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from attrs import frozen

from chatbridge import Bridge
from chatbridge.configuration import Configuration, open_bridge, read_configuration

F = TypeVar("F", bound=Callable[..., Any])


@frozen
class Invocation:
    """One call of the command line.

    Args:
        config: the configuration file.
    """

    config: Path

    def configuration(
        self, arguments: Mapping[str, Mapping[str, Any]] | None = None
    ) -> Configuration:
        """Return the configuration, arguments of the command line over it.

        Raises:
            ConfigurationError: something in it is wrong.
        """
        return read_configuration(self.config, arguments=arguments)

    @contextmanager
    def bridge(self) -> Iterator[Bridge]:
        """Open the bridge, and close it at the end; nothing of it runs.

        Raises:
            ChatbridgeError: it cannot be opened.
        """
        with open_bridge(self.configuration()) as bridge:
            yield bridge


pass_invocation = click.make_pass_decorator(Invocation)
"""Hands the `Invocation` to a command as its first argument."""
