"""M14: spoils the connections of a real bridge for as long as one likes, and checks every round.

python -m tests.soak --minutes 10
python -m tests.soak --hours 72 --keep
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import asdict, define

from chatbridge.cli.demo_stage import eventually
from tests.loading import module_at
from tests.soak.stage import PLATFORMS, SERVICES, SoakStage
from tests.soak.toxic_proxy import DIRECTIONS, TOXICS, Toxic

EVERYTHING = [Toxic(*each) for each in
              ((kind, service, way) for kind in TOXICS for service in SERVICES
               for way in DIRECTIONS)]  # fmt: skip
_SETTLED = 180.0
_PATIENCE = 3.0
"""Seconds until something has gone wrong."""


@define
class Soak:
    """What happened so far.

    Args:
        seconds: of real time.
        rounds: how many checks.
        messages: how many were written, either way.
        lost: which never arrived.
        leaked: notes that were shown.
        doubled_in_jira: how many comments stood there twice at a check.
        doubled_in_chat: how many answers were shown again.
        broken: how many calls were cut off.
        broken_chat: those of the platforms, each of which may double one answer.
        acted: how many of the ways to fail did something.
        resident: MiB of the bridge in the middle of the first round.
        growth: MiB between then and the largest since.
        files: open files then.
        more_files: how many more there were at most since.
    """

    seconds: float = 0.0
    rounds: int = 0
    messages: int = 0
    lost: int = 0
    leaked: int = 0
    doubled_in_jira: int = 0
    doubled_in_chat: int = 0
    broken: int = 0
    broken_chat: int = 0
    acted: int = 0
    resident: float = 0.0
    growth: float = 0.0
    files: int = 0
    more_files: int = 0

    @property
    def is_well(self) -> bool:
        """Whether nothing was lost or leaked, and no more doubled than may be."""
        return (
            not self.lost + self.leaked + self.doubled_in_jira
            and self.doubled_in_chat <= self.broken_chat
        )


class _Round:
    """What was said between two checks."""

    def __init__(self, stage: SoakStage, name: str) -> None:
        self._stage = stage
        self._name = name
        self._customers: list[str] = []
        self._agents: list[tuple[str, str]] = []
        self._notes: list[tuple[str, str]] = []

    def talk(self, number: int) -> int:
        """Let everybody say something; return how many messages that were."""
        people = self._stage.people
        for platform in PLATFORMS:
            word = f"{self._name}-{number}-{platform}."
            people.customer_says(platform, f"c-{word}")
            people.agent_says(self._stage.keys[platform], f"a-{word}")
            people.agent_says(self._stage.keys[platform], f"note-{word}", public=False)
            self._customers.append(f"c-{word}")
            self._agents.append((platform, f"a-{word}"))
            self._notes.append((platform, f"note-{word}"))
        return 2 * len(PLATFORMS)

    def check(self, soak: Soak) -> None:
        """Wait until all has arrived, and count what has not, and what came too often."""
        eventually(lambda: not self._missing(), _SETTLED)
        soak.lost += len(self._missing())
        people = self._stage.people
        soak.leaked += sum(bool(people.shown(*note)) for note in self._notes)
        soak.doubled_in_jira += sum(len(people.comments(word)) > 1 for word in self._customers)
        shown = (len(people.shown(*answer)) for answer in self._agents)
        soak.doubled_in_chat += sum(max(0, times - 1) for times in shown)

    def _missing(self) -> list[str]:
        people = self._stage.people
        missing = [word for _, word in self._agents if not people.shown(_, word)]
        return missing + [word for word in self._customers if not people.comments(word)]


def soak(seconds: float, pause: float, seed: int) -> Iterator[Soak]:
    """Spoil connections until so many seconds are over; yield what happened after each round."""
    chance, found, begun = random.Random(seed), Soak(), time.monotonic()
    with TemporaryDirectory(prefix="chatbridge-soak-") as folder, SoakStage(Path(folder)) as stage:
        while not found.rounds or time.monotonic() - begun < seconds:
            stage.open_requests(f"{found.rounds}")
            talk = _Round(stage, f"{found.rounds}")
            toxics = chance.sample(EVERYTHING, len(EVERYTHING))
            for number, toxic in enumerate(toxics):
                if not found.files and number == len(toxics) // 2:
                    found.resident, found.files = stage.measure()
                found.messages += _spoil(stage, talk, toxic, number)
                time.sleep(pause)
            stage.spoil(None)
            talk.check(found)
            stage.close_requests()
            _note_sizes(found, stage)
            found.rounds += 1
            found.seconds = time.monotonic() - begun
            yield found


def _spoil(stage: SoakStage, talk: _Round, toxic: Toxic, number: int) -> int:
    """Let one thing go wrong while everybody talks; return how many messages that were."""
    before = stage.proxy.acted[toxic]
    stage.spoil(toxic)
    said = talk.talk(number)
    eventually(lambda: stage.proxy.acted[toxic] > before, _PATIENCE)
    return said


def _note_sizes(found: Soak, stage: SoakStage) -> None:
    broken = stage.proxy.broken
    found.broken, found.acted = broken.total(), len(stage.proxy.acted)
    found.broken_chat = sum(broken[platform] for platform in PLATFORMS)
    resident, files = stage.measure()
    found.growth = max(found.growth, resident - found.resident)
    found.more_files = max(found.more_files, files - found.files)


def _keep(found: Soak, seed: int, hours: float) -> None:
    place = Path(__file__).resolve().parents[1] / "faults" / "scoreboard.py"
    board: Any = module_at(place)
    said = (
        f"{found.seconds / 60:.0f} minutes, {len(EVERYTHING)} ways to fail {found.rounds} times "
        f"each, {found.broken} calls cut off, {found.messages} messages: {found.lost} lost, "
        f"{found.leaked} leaked, {found.doubled_in_chat} shown twice; "
        f"{found.resident:.0f} MiB and {found.growth:.0f} more, {found.files} files and "
        f"{found.more_files} more"
    )
    command = f"python -m tests.soak --hours {hours:g} --keep"
    board.keep("M14", found.seconds / 3600, said, command, f"{seed}")


def main() -> None:
    """Soak, print a line of JSON for each round, and fail where something was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=0.0)
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--pause", type=float, default=0.3, help="seconds after each toxic acted")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="write the scoreboard")
    given = parser.parse_args()
    for found in soak(given.hours * 3600 + given.minutes * 60, given.pause, given.seed):
        sys.stdout.write(json.dumps(asdict(found)) + "\n")
        sys.stdout.flush()
        if not found.is_well:
            sys.exit("something was lost, leaked or doubled")
        if given.keep:
            _keep(found, given.seed, given.hours + given.minutes / 60)


if __name__ == "__main__":
    main()
