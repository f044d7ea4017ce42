"""`chatbridge demo`: the main job shown with no account; every point is observed, none claimed."""

from __future__ import annotations

import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path

import click

from chatbridge.cli.demo_stage import CHAT, Stage, eventually

_WIDTH = 76


@click.command()
def demo() -> None:
    """Show a conversation between a customer and an agent, with simulated services.

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
        self.checked = 0
        self.failed = 0

    def tell(self) -> None:
        _title("A desk and a chat platform are simulated on this machine; the bridge is real")
        for line in self._stage.set_up_project():
            _remark(line)
        _remark(f"chatbridge run: process {self._stage.start_bridge()}, polling, no public URL")
        key = self._opening()
        if not key:
            return
        self._conversation(key)
        self._crash(key)
        self._ending(key)
        self._secrecy(key)

    def _opening(self) -> str:
        _title("A customer writes to the bot")
        self._customer("My printer prints only hearts ❤️ since this morning")
        self._check("a customer request was opened", lambda: len(self._stage.requests()) == 1)
        if self.failed:
            return ""
        key = str(self._stage.requests()[0]["key"])
        self._check(f"the bot answered with its key, {key}", lambda: self._stage.shown(key))
        self._bot(self._stage.shown(key))
        return key

    def _conversation(self, key: str) -> None:
        _title("They talk")
        self._agent(key, "Did you try to turn it off and on again?")
        self._check("the answer is in the chat", lambda: self._stage.shown("off and on again"))
        self._bot(self._stage.shown("off and on again"))
        self._agent(key, "Sounds like a prank by the sales team.", public=False)
        self._customer("Yes. Now it prints hearts in colour.")
        self._check(
            "the customer's answer is a public comment in Jira",
            lambda: [each["public"] for each in self._stage.comments("in colour")] == [True],
        )
        self._agent(key, "A technician is on the way.")
        self._check("the second answer is in the chat", lambda: self._stage.shown("technician"))
        self._check("the internal note stayed inside", lambda: not self._stage.shown("prank"))

    def _crash(self, key: str) -> None:
        _title("The bridge is killed while Jira has taken a message but has not answered yet")
        self._stage.slow_down_comments()
        self._customer("He is here!")
        self._check("Jira took the message", lambda: self._stage.comments("He is here!"))
        self._stage.kill_bridge()
        _remark("kill -9")
        self._agent(key, "Great, I will wait for his report.")
        self._customer("He found a hidden menu")
        _remark(f"chatbridge run again: process {self._stage.start_bridge()}")
        self._check(
            "what the agent wrote meanwhile arrived",
            lambda: self._stage.shown("wait for his report"),
        )
        self._check(
            "what the customer wrote meanwhile arrived",
            lambda: self._stage.comments("hidden menu"),
        )
        self._check(
            "each of the three stands there exactly once",
            lambda: (
                [
                    len(self._stage.comments("He is here!")),
                    len(self._stage.comments("hidden menu")),
                    len(self._stage.shown("wait for his report")),
                ]
                == [1, 1, 1]
            ),
        )

    def _ending(self, key: str) -> None:
        _title("The request ends")
        self._stage.agent_moves(key, "Resolved")
        _say("agent", "moves the request to Resolved", "cyan")
        self._check("the chat was told the new status", lambda: self._stage.shown("Resolved"))
        self._bot(self._stage.shown("Resolved"))

    def _secrecy(self, key: str) -> None:
        _title("What the bridge has kept")
        code = self._stage.stop_bridge()
        self._check("it ended gracefully on SIGTERM", lambda: code == 0)
        self._check("still nothing came twice", self._nothing_doubled)
        self._check("still no internal note in the chat", lambda: not self._stage.shown("prank"))
        words = ["hearts", "colour", "technician", "prank", "Olena", str(CHAT), key]
        words.append(self._stage.token.partition(":")[2])
        self._check(
            "neither database nor log holds a word, a name, the chat, the key or the token",
            lambda: self._stage.files_hold(words) == [],
        )

    def _nothing_doubled(self) -> bool:
        there = (
            self._stage.comments("He is here!"),
            self._stage.comments("hidden menu"),
            self._stage.shown("wait for his report"),
        )
        return [len(each) for each in there] == [1, 1, 1]

    def _customer(self, text: str) -> None:
        _say("customer", text, "yellow")
        self._stage.customer_says(text)

    def _agent(self, key: str, text: str, *, public: bool = True) -> None:
        _say("agent" if public else "agent (internal note)", text, "cyan" if public else "magenta")
        self._stage.agent_says(key, text, public=public)

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
