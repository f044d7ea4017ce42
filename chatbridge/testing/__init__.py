"""Simulators and conformance suites for adapter and storage authors, and for hosts' own tests.

Each name is loaded when it is first used: only the suites need pytest.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatbridge.capability_table import capability_table
    from chatbridge.testing.conformance.adapter_suite import AdapterSuite
    from chatbridge.testing.conformance.cases import AdapterCase, Payload, StorageCase
    from chatbridge.testing.conformance.desk_suite import DeskSuite
    from chatbridge.testing.desk_simulator import DeskSimulator
    from chatbridge.testing.serving import SimulationServer
    from chatbridge.testing.simulated_transport import SimulatedTransport
    from chatbridge.testing.simulator import (
        ConnectionLost,
        Control,
        Fault,
        OwedWebhook,
        SimulatedCall,
        Simulator,
    )
    from chatbridge.testing.simulator_json import json_answer, text_argument
    from chatbridge.testing.storage_suite import StorageSuite
    from chatbridge.testing.virtual_clock import VirtualClock

_HOMES = {
    "chatbridge.capability_table": "capability_table",
    "chatbridge.testing.conformance.adapter_suite": "AdapterSuite",
    "chatbridge.testing.conformance.cases": "AdapterCase Payload StorageCase",
    "chatbridge.testing.conformance.desk_suite": "DeskSuite",
    "chatbridge.testing.desk_simulator": "DeskSimulator",
    "chatbridge.testing.serving": "SimulationServer",
    "chatbridge.testing.simulated_transport": "SimulatedTransport",
    "chatbridge.testing.simulator": (
        "ConnectionLost Control Fault OwedWebhook SimulatedCall Simulator"
    ),
    "chatbridge.testing.simulator_json": "json_answer text_argument",
    "chatbridge.testing.storage_suite": "StorageSuite",
    "chatbridge.testing.virtual_clock": "VirtualClock",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "AdapterCase",
    "AdapterSuite",
    "ConnectionLost",
    "Control",
    "DeskSimulator",
    "DeskSuite",
    "Fault",
    "OwedWebhook",
    "Payload",
    "SimulatedCall",
    "SimulatedTransport",
    "SimulationServer",
    "Simulator",
    "StorageCase",
    "StorageSuite",
    "VirtualClock",
    "capability_table",
    "json_answer",
    "text_argument",
]


if not TYPE_CHECKING:  # A type checker would take every misspelt name for a good one.

    def __getattr__(name: str) -> Any:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module 'chatbridge.testing' has no attribute '{name}'")
        value = getattr(importlib.import_module(home), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
