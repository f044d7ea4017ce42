"""What a bridge that cannot be opened leaves behind: nothing of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatbridge import (
    Bridge,
    Plugins,
    RootKey,
    Storage,
    StorageUnavailableError,
    WrongKeyError,
    new_root_key,
    root_key_from_text,
)


class Remembering(Plugins):
    """Remembers the storages that were opened by it."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[Storage] = []

    def open_storage(self, setting: str) -> Storage:
        """See `Plugins.open_storage`."""
        self.opened.append(super().open_storage(setting))
        return self.opened[-1]


@pytest.fixture
def place(tmp_path: Path) -> str:
    """Return the setting of a storage that another key opens."""
    setting = f"sqlite:{tmp_path / 'bridge.db'}"
    Bridge(storage=setting, root_keys=_key(), sites=[]).close()
    return setting


def _key() -> RootKey:
    return root_key_from_text(new_root_key())


@pytest.mark.fault("F68")
def test_a_storage_that_the_key_does_not_open_is_closed_again(place: str) -> None:
    """A host may try again with another key as often as it likes, and no file stays open."""
    plugins = Remembering()
    with pytest.raises(WrongKeyError):
        Bridge(storage=place, root_keys=_key(), sites=[], plugins=plugins)
    with pytest.raises(StorageUnavailableError, match="closed"):
        plugins.opened[0].get("link:a")


@pytest.mark.fault("F68")
def test_a_storage_of_the_host_stays_open(place: str) -> None:
    """What the host has opened is the host's to close."""
    with Plugins().open_storage(place) as storage:
        with pytest.raises(WrongKeyError):
            Bridge(storage=storage, root_keys=_key(), sites=[])
        assert storage.get("link:a") is None
