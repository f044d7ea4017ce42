"""Viber's own Python client, as it stands, talks to the simulator and reads what it sends."""

from __future__ import annotations

import json
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chatbridge.testing.serving import SimulationServer
from chatbridge_viber.simulator import ViberSimulator

TOKEN = "0000000000000000-1111111111111111-2222222222222222"
OLENA = "xy5/5y6O81+/kbWHpLhBoA=="

with warnings.catch_warnings():
    # The client is of 2021 and uses what Python has given up since.
    warnings.simplefilter("ignore")
    viberbot = pytest.importorskip("viberbot", reason="Viber's client is not installed")
    from viberbot.api.bot_configuration import BotConfiguration
    from viberbot.api.messages import KeyboardMessage, TextMessage
    from viberbot.api.viber_requests import (
        ViberConversationStartedRequest,
        ViberDeliveredRequest,
        ViberFailedRequest,
        ViberMessageRequest,
        ViberSeenRequest,
        ViberSubscribedRequest,
        ViberUnsubscribedRequest,
    )


@pytest.fixture
def client():
    """Viber's client with the bot's token."""
    return viberbot.Api(BotConfiguration(auth_token=TOKEN, name="Acme", avatar=None))


class _Yes(BaseHTTPRequestHandler):
    """Answers every POST with an empty 200."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_given: object) -> None:
        """Say nothing."""


@pytest.fixture
def listener():
    """The address of a webhook that takes everything."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Yes)
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_client_verifies_and_reads_every_callback(client, hooked, answer_owed):
    """What the simulator sends is genuine and readable to Viber's own program."""
    keyboard = {"Type": "keyboard", "Buttons": [{"Text": "Yes", "ActionBody": "yes"}]}
    shown = {"sender": {"name": "Acme"}, "type": "text", "text": "x", "keyboard": keyboard}
    hooked.state.show(hooked.state.users[OLENA], shown, hooked.state.new_token())
    for action, more in [
        ("message", {"text": "Доброго дня 😀"}), ("press", {"choice": 0}), ("open", {}),
        ("delivered", {}), ("seen", {}), ("failed", {}), ("subscribe", {}), ("unsubscribe", {}),
    ]:  # fmt: skip
        hooked.control(action, {"chat": OLENA, **more})
    read = []
    for owed in answer_owed():
        signature = owed.headers["X-Viber-Content-Signature"]
        assert client.verify_signature(owed.body, signature)
        read.append(client.parse_request(owed.body))
    assert [
        ViberMessageRequest, ViberMessageRequest, ViberConversationStartedRequest,
        ViberDeliveredRequest, ViberSeenRequest, ViberFailedRequest, ViberSubscribedRequest,
        ViberUnsubscribedRequest,
    ] == [type(each) for each in read]  # fmt: skip
    assert ("Доброго дня 😀", OLENA) == (read[0].message.text, read[0].sender.id)


def test_the_client_judges_what_the_adapter_accepts(client, adapter, hooked):
    """Both make the same signature of the same bytes."""
    hooked.control("message", {"chat": OLENA, "text": "x"})
    (owed,) = hooked.owed_webhooks()
    assert not client.verify_signature(
        owed.body + b" ", hooked.state.callbacks.signature(owed.body)
    )


def test_the_client_uses_the_simulator(client, listener):
    """Who the bot is, sending, people: the client's own calls work over real HTTP."""
    simulator = ViberSimulator(token=TOKEN)
    with SimulationServer({"viber": simulator}) as server:
        client._request_sender._viber_bot_api_url = server.url("viber") + "/pa"
        assert "message" in client.set_webhook(listener)
        simulator.control("message", {"chat": OLENA, "text": "hi", "name": "Олена"})
        keyboard = {"Type": "keyboard", "Buttons": [{"Text": "Yes", "ActionBody": "yes"}]}
        messages = [
            TextMessage(text="Hello", tracking_data="abc"),
            KeyboardMessage(keyboard=keyboard),
        ]
        tokens = client.send_messages(OLENA, messages)
        account = client.get_account_info()
        user = client.get_user_details(OLENA)
        online = client.get_online([OLENA, "nobody"])
        client.unset_webhook()
        with pytest.raises(Exception, match="webhookNotSet"):
            client.send_messages(OLENA, [TextMessage(text="Hello")])
    shown = simulator.control("transcript", {"chat": OLENA})
    assert [str(token) for token in tokens] == [each["message_id"] for each in shown[1:]]
    assert ("simulatedbot", "Олена") == (account["uri"], user["name"])
    assert [0, 4] == [each["online_status"] for each in online]
    assert ["Yes"] == shown[-1]["choices"]
    assert json.dumps(tokens) and min(tokens) > 2**53
