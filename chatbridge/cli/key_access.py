"""The way of the `keys` commands to storage and root keys; neither Jira nor bots are needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from attrs import frozen

from chatbridge import Plugins, RootKey, Storage
from chatbridge.cli.invocation import Invocation
from chatbridge.configuration import Configuration, read_configuration


@frozen
class KeyAccess:
    """What a command about keys works with.

    Args:
        configuration: without its sites.
        storage: open.
        by_place: the root keys that are given here, with where each came from.
    """

    configuration: Configuration
    storage: Storage
    by_place: list[tuple[str, RootKey]]

    @property
    def roots(self) -> list[RootKey]:
        """The root keys that are given here."""
        return [root for _, root in self.by_place]


def key_configuration(invocation: Invocation) -> Configuration:
    """Return the configuration; what is wrong about sites does not matter here.

    Raises:
        ConfigurationError: something else in it is wrong.
    """
    return read_configuration(invocation.config, with_sites=False)


@contextmanager
def key_access(invocation: Invocation) -> Iterator[KeyAccess]:
    """Open the storage, and close it at the end.

    Raises:
        ConfigurationError: there is no root key, or one is wrong.
        StorageError: the storage cannot be opened.
    """
    configuration = key_configuration(invocation)
    by_place = configuration.root_keys_by_place()
    with Plugins().open_storage(configuration.storage_url) as storage:
        yield KeyAccess(configuration, storage, by_place)
