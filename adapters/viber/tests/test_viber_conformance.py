"""Viber keeps every promise that an adapter of anybody else must keep."""

from __future__ import annotations

from chatbridge.testing import AdapterSuite
from chatbridge_viber.conformance import CASE


class TestViber(AdapterSuite):
    """The whole suite, by the case that the package ships."""

    case = CASE
