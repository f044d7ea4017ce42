"""`chatbridge demo`: the main job shown with no account; every point is observed, none claimed."""

from __future__ import annotations

import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path

import click

from chatbridge.cli.demo_people import CHATS, NAMES, People
from chatbridge.cli.demo_pictures import ANSWER, PLAN, ROOF
from chatbridge.cli.demo_stage import Stage, eventually

_WIDTH = 76


@click.command()
def demo() -> None:
    """Show a conversation between simulated services.

    A bridge runs as a process of its own; it is killed once in the middle. The exit code is 0 only
    if everything was really observed.
    """
    with (
        tempfile.TemporaryDirectory(prefix="chatbridge-demo-") as folder,
        Stage(Path(folder)) as stage,
    ):
        story = _Story(stage)
        story.tell()
    if story.failed:
        raise click.ClickException(f"{story.failed} of {story.checked} points were not observed")
    click.secho(f"\nAll {story.checked} points were observed.", fg="green", bold=True)


class _Story:
    """What happens, in order, and what must be seen of it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.people = People(stage.desk, stage.chats)
        self.checked = 0
        self.failed = 0

    def tell(self) -> None:
        _title("A desk and chat platforms are simulated on this machine; the bridge is real")
        for line in self._stage.set_up_project("telegram"):
            _remark(line)
        _remark(f"chatbridge run: process {self._stage.start_bridge()}; Telegram is polled")
        key = self._opening()
        if not key:
            return
        self._conversation(key)
        self._pictures(key)
        self._crash(key)
        if "viber" in self._stage.chats:
            self._viber()
        self._ending(key)
        self._secrecy(key)

    def _opening(self) -> str:
        _title("A customer writes to the bot on Telegram")
        self._customer("telegram", "My printer prints only hearts ❤️ since this morning")
        self._check("a customer request was opened", lambda: len(self.people.requests()) == 1)
        if self.failed:
            return ""
        key = str(self.people.requests()[0]["key"])
        self._check(f"the bot answered with its key, {key}", lambda: self._shown(key))
        self._bot(self._shown(key))
        return key

    def _conversation(self, key: str) -> None:
        _title("They talk")
        _say("agent", "Please try this: 1. turn it OFF 2. turn it on again", "cyan")
        self.people.agent_says(key, ANSWER)
        self._check("the answer is in the chat", lambda: self._shown("turn it on again"))
        self._bot(self._shown("turn it on again"))
        self._check("what was bold is bold", lambda: self.people.marked("off") == ["bold"])
        self._agent(key, "Sounds like a prank by the sales team.", public=False)
        self._customer("telegram", "Done. Now it prints hearts in colour.")
        self._check(
            "the customer's answer is a public comment in Jira",
            lambda: [each["public"] for each in self.people.comments("in colour")] == [True],
        )
        comment = self._agent(key, "A technician comes at 15:00.")
        self._check("the second answer is in the chat", lambda: self._shown("at 15:00"))
        _say("agent", "changes it: A technician comes at 16:00.", "cyan")
        self.people.agent_changes(key, comment, "A technician comes at 16:00.")
        self._check(
            "the message in the chat was changed, no second one sent",
            lambda: (len(self._shown("at 16:00")), len(self._shown("technician"))) == (1, 1),
        )
        self._check("the internal note stayed inside", lambda: not self._shown("prank"))

    def _pictures(self, key: str) -> None:
        _title("They send pictures")
        _say("customer", "[picture] This is what it prints", "yellow")
        self.people.customer_sends("telegram", ROOF, "This is what it prints")
        self._check(
            "it is attached in Jira, byte for byte, its caption in the same comment",
            lambda: (
                self.people.in_jira(ROOF) == 1
                and len(self.people.comments("what it prints")[0]["files"]) == 1
            ),
        )
        _say("agent", "[picture] The lever is here", "cyan")
        self.people.agent_says(key, "The lever is here", picture=PLAN)
        self._check(
            "it is in the chat as a photo, byte for byte",
            lambda: self.people.in_chat("telegram", PLAN) == 1,
        )
        self._bot(self._shown("The lever"))

    def _crash(self, key: str) -> None:
        _title("The bridge is killed while Jira has taken a message but has not answered yet")
        self._stage.slow_down_comments()
        self._customer("telegram", "He is here!")
        self._check("Jira took the message", lambda: self.people.comments("He is here!"))
        self._stage.kill_bridge()
        _remark("kill -9")
        self._agent(key, "Great, I will wait for his report.")
        self._customer("telegram", "He found a hidden menu")
        _remark(f"chatbridge run again: process {self._stage.start_bridge()}")
        self._check(
            "what the agent wrote meanwhile arrived",
            lambda: self._shown("wait for his report"),
        )
        self._check(
            "what the customer wrote meanwhile arrived",
            lambda: self.people.comments("hidden menu"),
        )
        self._check("each of the three stands there exactly once", self._nothing_doubled)

    def _viber(self) -> None:
        _title("The same desk answers on Viber; webhooks come to the running bridge")
        for line in self._stage.set_up_project("telegram", "viber"):
            if line.startswith("viber"):
                _remark(line)
        self._customer("viber", "Do you repair pianos as well?")
        self._check("a second request was opened", lambda: len(self.people.requests()) == 2)
        if len(self.people.requests()) != 2:
            return
        key = str(self.people.requests()[1]["key"])
        self._check(
            f"the bot answered with its key, {key}", lambda: self.people.shown("viber", key)
        )
        _say("agent", "Please try this: 1. turn it OFF 2. turn it on again", "cyan")
        self.people.agent_says(key, ANSWER)
        self._check(
            "it is in the chat, its list as lines: Viber has no formatting that is safe",
            lambda: self.people.shown("viber", "1. turn it off, wait\n2. turn it on again"),
        )
        _say("agent", "[picture] The lever is here", "cyan")
        self.people.agent_says(key, "The lever is here", picture=PLAN)
        self._check(
            "Viber fetched the picture from the bridge, byte for byte",
            lambda: self.people.in_chat("viber", PLAN) == 1,
        )
        _say("customer", "[picture] Mine looks like this", "yellow")
        self.people.customer_sends("viber", ROOF, "Mine looks like this")
        self._check(
            "the customer's picture is attached in Jira",
            lambda: self.people.in_jira(ROOF) == 2,
        )

    def _ending(self, key: str) -> None:
        _title("The request ends")
        self.people.agent_moves(key, "Resolved")
        _say("agent", "moves the request to Resolved", "cyan")
        self._check("the chat was told the new status", lambda: self._shown("Resolved"))
        self._bot(self._shown("Resolved"))

    def _secrecy(self, key: str) -> None:
        _title("What the bridge has kept")
        code = self._stage.stop_bridge()
        self._check("it ended gracefully on SIGTERM", lambda: code == 0)
        self._check("still nothing came twice", self._nothing_doubled)
        self._check("still no internal note in the chat", lambda: not self._shown("prank"))
        words = ["hearts", "colour", "technician", "prank", "piano", "lever", key]
        words += [*CHATS.values(), *NAMES.values()]
        words += [self._stage.token(name).rpartition(":")[2] for name in self._stage.chats]
        self._check(
            "neither database nor log holds a word, a name, a chat, the key or a token",
            lambda: self._stage.files_hold(words) == [],
        )

    def _nothing_doubled(self) -> bool:
        there = (
            self.people.comments("He is here!"),
            self.people.comments("hidden menu"),
            self._shown("wait for his report"),
        )
        return [len(each) for each in there] == [1, 1, 1]

    def _shown(self, text: str) -> list[str]:
        return self.people.shown("telegram", text)

    def _customer(self, platform: str, text: str) -> None:
        _say("customer", text, "yellow")
        self.people.customer_says(platform, text)

    def _agent(self, key: str, text: str, *, public: bool = True) -> str:
        _say("agent" if public else "agent (internal note)", text, "cyan" if public else "magenta")
        return self.people.agent_says(key, text, public=public)

    def _bot(self, texts: list[str]) -> None:
        for text in texts[:1]:
            _say("bot", text, "green")

    def _check(self, what: str, seen: Callable[[], object]) -> None:
        self.checked += 1
        if eventually(seen):
            click.echo(f"  {click.style('✓', fg='green', bold=True)} {what}")
            return
        self.failed += 1
        click.echo(f"  {click.style('✗ not observed:', fg='red', bold=True)} {what}")


def _title(text: str) -> None:
    click.secho(f"\n{text}", bold=True)


def _remark(text: str) -> None:
    click.secho(f"  · {text}", dim=True)


def _say(who: str, text: str, colour: str) -> None:
    lines = [piece for line in text.split("\n") for piece in textwrap.wrap(line, _WIDTH) or [""]]
    head = f"  {who}: "
    for at, line in enumerate(lines):
        click.echo((click.style(head, fg=colour) if at == 0 else " " * len(head)) + line)
