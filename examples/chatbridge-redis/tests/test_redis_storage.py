"""Redis keeps every promise that a storage makes, on a real server."""

from __future__ import annotations

import pytest

from chatbridge.testing import StorageSuite
from chatbridge_redis.conformance import CASE


@pytest.mark.heavy
class TestRedis(StorageSuite):
    """The whole suite, several processes and a crash included."""

    case = CASE
