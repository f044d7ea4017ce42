"""Metrics for Prometheus by its standard client; counts and gauges, no label names a chat.

Needs the extra `chatbridge-jsm[metrics]`.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from chatbridge import Bridge

_HELP = {
    "notices": "Notices to the host, by kind",
    "parts_sent": "Parts shown in chats, by platform",
    "parts_charged": "Parts that the platform charges for, by platform",
    "events_done": "Inbound events that were acknowledged, by platform",
    "events_failed": "Tries of inbound events that failed, by platform",
}


def exposition(bridge: Bridge) -> tuple[str, bytes]:
    """Return media type and body of the figures of a bridge, and of nothing else."""
    registry = CollectorRegistry()
    registry.register(BridgeCollector(bridge))
    return CONTENT_TYPE_LATEST, generate_latest(registry)


class BridgeCollector(Collector):
    """Collects the figures of one bridge when they are asked for.

    Register it with `prometheus_client.REGISTRY.register(BridgeCollector(bridge))`, or let
    `web_app` serve it.

    Args:
        bridge: whose figures.
    """

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics as they are now."""
        health = self._bridge.health()
        yield _gauge("backlog", "Links and events that wait for a worker", health.backlog)
        yield _gauge("oldest_event_seconds", "Age of the oldest event", health.oldest_event)
        yield _gauge("ok", "Whether nothing needs an operator", int(health.ok))
        suspended = GaugeMetricFamily(
            "chatbridge_suspended", "Whether calls to a far side are suspended", labels=["side"]
        )
        succeeded = GaugeMetricFamily(
            "chatbridge_last_success_timestamp_seconds", "Last good answer", labels=["side"]
        )
        for side, moment in health.last_success.items():
            succeeded.add_metric([side], moment)
            suspended.add_metric([side], int(side in health.suspended))
        yield suspended
        yield succeeded
        yield from self._counters()

    def _counters(self) -> Iterator[Metric]:
        families: dict[str, CounterMetricFamily] = {}
        for (name, labels), count in sorted(self._bridge.tally().counts.items()):
            names = [label for label, _ in labels]
            family = families.get(name)
            if family is None:
                text = _HELP.get(name, name)
                family = CounterMetricFamily(f"chatbridge_{name}", text, labels=names)
                families[name] = family
            family.add_metric([value for _, value in labels], count)
        yield from families.values()


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"chatbridge_{name}", text, value=value)
