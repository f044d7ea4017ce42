"""Matrix for chatbridge: registers the adapter and names its simulator."""

from __future__ import annotations

from chatbridge import hookimpl
from chatbridge.hookspecs import RegisterAdapter

from .adapter import MatrixAdapter
from .calls import MatrixSettings

__all__ = ["MatrixAdapter", "MatrixSettings", "chatbridge_register_adapters"]


@hookimpl
def chatbridge_register_adapters(register: RegisterAdapter) -> None:
    """Offer the adapter; nothing else may happen in here."""
    register(MatrixAdapter, simulator="chatbridge_matrix.simulator:MatrixSimulator")
