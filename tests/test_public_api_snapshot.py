"""Nothing public changes unnoticed: names and signatures are those that were written down."""

from __future__ import annotations

import difflib
from pathlib import Path
from types import ModuleType

import attrs
import pytest

from chatbridge import ProjectSettings
from tests.loading import module_at

PLACE = Path(__file__).parent / "public_api" / "snapshot.py"


@pytest.fixture
def snapshot() -> ModuleType:
    """The module that writes the names down."""
    return module_at(PLACE, "public_api_snapshot")


def test_public_api_is_as_written_down(snapshot: ModuleType) -> None:
    """A change on purpose is written down by `python tests/public_api/snapshot.py`."""
    written = snapshot.PLACE.read_text(encoding="utf-8").splitlines()
    now = snapshot.snapshot().splitlines()
    changes = list(difflib.unified_diff(written, now, "written down", "now", lineterm="", n=0))
    mend = "read docs/reference/compatibility.md, then: python tests/public_api/snapshot.py"
    assert [] == changes, "\n".join([*changes, mend])


def test_a_changed_signature_is_noticed(
    snapshot: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new argument, a removed name and a new name each change the text."""
    import chatbridge.signatures as signatures

    before = snapshot.snapshot()

    def check_shared_secret(secrets: object, given: object, more: object) -> None:
        """Take one more argument."""

    check_shared_secret.__module__ = signatures.__name__
    with monkeypatch.context() as patch:
        patch.setattr(signatures, "check_shared_secret", check_shared_secret)
        assert before != snapshot.snapshot()
    with monkeypatch.context() as patch:
        patch.delattr(signatures, "check_hmac_sha256")
        assert before != snapshot.snapshot()
    assert before == snapshot.snapshot()


def test_it_is_the_same_every_time(snapshot: ModuleType) -> None:
    """No place in memory, no order of chance, and nothing that ran before gets into the text."""
    attrs.resolve_types(ProjectSettings)
    assert snapshot.PLACE.read_text(encoding="utf-8") == snapshot.snapshot()
    assert " at 0x" not in snapshot.snapshot()
