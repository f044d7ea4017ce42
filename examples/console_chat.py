"""Talk to a simulated service desk from a terminal: no account, no network, nothing is kept.

What you type is written by a customer. A line that begins with "agent:" is an agent's answer,
"note:" an internal note (which must never arrive), "status:" a new status of the request:

    $ python examples/console_chat.py
    My printer is on fire
    agent: Have you tried water?
    note: This customer is odd
    status: Resolved
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from chatbridge import (
    Bridge,
    CloudDesk,
    MemoryStorage,
    NewBot,
    Plugins,
    ProjectSettings,
    Secret,
    SiteSettings,
    SystemClock,
    new_root_key,
    root_key_from_text,
)
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.simulated_transport import SimulatedTransport

SITE = "https://desk.example"
TELEGRAM = "https://api.telegram.org"
CHAT = 1001


class Console:
    """One customer, their agents, and the bridge between them."""

    def __init__(self) -> None:
        plugins = Plugins()
        self.desk = DeskSimulator()
        self.telegram = plugins.simulator("telegram")(flood_limits=False)
        known = self.desk.credentials()
        site = SiteSettings(
            url=SITE, name="desk", account=known["account"], token=Secret(known["api_token"])
        )
        self.bridge = Bridge(
            storage=MemoryStorage(),
            root_keys=root_key_from_text(new_root_key()),
            sites=[CloudDesk(site)],
            plugins=plugins,
            transport=SimulatedTransport({SITE: self.desk, TELEGRAM: self.telegram}, SystemClock()),
        )
        settings = ProjectSettings(
            name="support",
            service_desk=known["service_desk"],
            request_type=known["request_type"],
            announce="all",
        )
        token = self.telegram.credentials()["bot_token"]
        self.bridge.admin.set_project(settings, [NewBot("telegram", {"token": token})])
        self.shown = 0

    def take(self, line: str) -> None:
        """Do what one typed line says."""
        who, colon, text = line.partition(":")
        if colon and who in {"agent", "note", "status"}:
            requests = self.desk.control("requests", {})
            if not requests:
                print("(there is no request yet; write something as the customer first)")
            elif who == "status":
                issue = requests[-1]["key"]
                self.desk.control("transition", {"issue": issue, "status": text.strip()})
            else:
                comment = {"issue": requests[-1]["key"], "text": text.strip()}
                self.desk.control("comment", {**comment, "public": who == "agent"})
        else:
            self.telegram.control("message", {"chat": CHAT, "text": line, "name": "You"})

    def news(self) -> Iterable[str]:
        """Let the bridge do its work, and return what the bot has shown since."""
        self.bridge.run_once(seconds=10)
        if not self.telegram.control("state", {})["chats"]:
            return []
        chat = self.telegram.control("transcript", {"chat": CHAT})
        bots = [message["text"] for message in chat if message["from"] == "bot"]
        new, self.shown = bots[self.shown :], len(bots)
        return new


def main() -> None:
    """Take lines until there are no more."""
    console = Console()
    with console.bridge:
        for line in sys.stdin:
            if line.strip():
                try:
                    console.take(line.strip())
                except (LookupError, ValueError) as error:
                    print(f"({error})")
            for text in console.news():
                print("  bot | " + text.replace("\n", "\n      | "))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
