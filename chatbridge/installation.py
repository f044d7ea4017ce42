"""Which installation a storage belongs to, where the administrator gives it a name.

A copy that is opened under another name, or none, is not worked on: it would send the same answers
once more. The name is a claim on the storage itself, which only a person hands over.
"""

from __future__ import annotations

from attrs import evolve

from chatbridge.claims import new_word
from chatbridge.errors import ConfigurationError, ConflictError
from chatbridge.records import Claim
from chatbridge.vault import Vault

_SUBJECT = "storage"


class Installation:
    """This installation, and what the storage says.

    Args:
        vault: the records.
        name: of this installation, empty where it has none.
    """

    def __init__(self, vault: Vault, name: str) -> None:
        self._vault = vault
        self._name = name

    def check(self) -> None:
        """Return if this installation may work on the storage; one without a name gets ours.

        Raises:
            ConfigurationError: it belongs to another installation.
            StorageError: the storage failed.
        """
        kept = self._vault.read(Claim, _SUBJECT)
        if kept is None and self._name:
            try:
                self._vault.create(Claim((_SUBJECT,), self._name, new_word()))
            except ConflictError:
                self.check()
            return
        if kept is not None and kept.record.owner != self._name:
            mine = f"this one is named '{self._name}'" if self._name else "this one has no name"
            raise ConfigurationError(
                f"the storage belongs to the installation '{kept.record.owner}', and {mine}: it "
                "may be a copy, which would send every answer once more; give the right name in "
                "[storage] installation, or let this one go on with 'chatbridge storage adopt' "
                "after the other one was stopped"
            )

    def adopt(self) -> None:
        """Let the storage belong to this installation from now on, by its name or without one.

        Raises:
            StorageError: the storage failed.
        """
        kept = self._vault.read(Claim, _SUBJECT)
        if kept is not None and not self._name:
            self._vault.erase(kept.key)
        elif kept is not None:
            self._vault.update(kept, lambda claim: evolve(claim, owner=self._name, beat=new_word()))
        else:
            self.check()
