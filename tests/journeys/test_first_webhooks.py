"""The first webhooks after a start, many at once."""

from __future__ import annotations

import threading

from chatbridge import WebhookRequest


def test_webhooks_during_the_first_look_are_not_turned_away(make_world):
    """Whoever comes while the bots are still looked for waits, and is never told 404."""
    world = make_world(mode="webhook")
    (bot,) = world.bridge.engine.roster.refresh()[0].bots
    token = world.bridge.webhook_url(bot).rpartition("/")[2]
    bridge = world.open_bridge()
    roster, look = bridge.engine.roster, bridge.engine.roster.refresh
    looking, go_on = threading.Event(), threading.Event()

    def slow_look():
        looking.set()
        go_on.wait(5)
        return look()

    roster.refresh = slow_look
    answers = []

    def arrive():
        forged = WebhookRequest({}, b"{}")
        answers.append(bridge.receive_webhook("telegram", token, forged).status)

    threads = [threading.Thread(target=arrive) for _ in range(4)]
    threads[0].start()
    assert looking.wait(5)
    for thread in threads[1:]:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert [403] * 4 == answers
