"""The course of a history without any fault, kept before each effect, so that faults begin late.

What comes before a fault is the same whatever fault comes, so it happens once: each fault starts
from the last copy before its effect. A test holds that the outcome is that of the whole history.
"""

from __future__ import annotations

from attrs import define, field

from chatbridge.jira.jira_desk import JiraDesk
from chatbridge.testing.world.faults import MODES, Armed, Noted
from chatbridge.testing.world.histories import History, Outcome, heard, judged, ready
from chatbridge.testing.world.live_copies import LiveCopy, copy_of
from chatbridge.testing.world.operations import Step, perform
from chatbridge.testing.world.stage import MakeDesk, World


@define
class _Place:
    """A moment at which no process was in the middle of anything.

    Args:
        effects: how many there had been.
        copy: of the world.
        left: the steps still to come.
    """

    effects: int
    copy: LiveCopy
    left: tuple[Step, ...]


@define
class Course:
    """What happens when nothing fails.

    Args:
        history: what happens.
        outcome: what comes of it.
        noted: all effects since the first step that a fault could hit, in their order.
    """

    history: History
    outcome: Outcome
    noted: tuple[Noted, ...]
    _places: list[_Place] = field(factory=list)

    @classmethod
    def of(cls, history: History, make_desk: MakeDesk = JiraDesk) -> Course:
        """Let a history happen and keep its course."""
        places: list[_Place] = []
        with heard() as surprises:
            world = ready(history, make_desk)
            world.gate.noted = []
            for number, step in enumerate(history.steps):
                left = history.steps[number + 1 :]
                _keep(world, places, (step, *left))
                world.at_rest = lambda rest=left: _keep(world, places, (("goes_on", 0), *rest))
                perform(world, step)
                world.at_rest = None
                if world.truth.violations:
                    break
            noted = tuple(world.gate.noted)
            world.gate.noted = None
            return cls(history, judged(world, surprises), noted, places)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of all effects."""
        return tuple(each.effect.kind for each in self.noted)

    def count(self, mode: str) -> int:
        """Return how many effects a fault can hit."""
        return sum(kind in MODES[mode] for kind in self.kinds)

    def with_fault(self, mode: str, countdown: int, step: Step = ()) -> Outcome:
        """Return what comes of it when a fault hits the effect that is its turn.

        Args:
            mode: one of `faults.MODES`.
            countdown: which of the effects that it can hit, from 1 to `count`.
            step: what people do then, for "meanwhile".
        """
        could = [each.number for each in self.noted if each.effect.kind in MODES[mode]]
        hits = could[:countdown]
        place = next(each for each in reversed(self._places) if each.effects < hits[-1])
        with heard() as surprises:
            world: World = place.copy.thaw()
            before = sum(number <= place.effects for number in hits)
            world.gate.armed.append(Armed(mode, countdown - before, step))
            for each in place.left:
                perform(world, each)
                if world.truth.violations:
                    break
            return judged(world, surprises)


def _keep(world: World, places: list[_Place], left: tuple[Step, ...]) -> None:
    if places and places[-1].effects == world.gate.count:
        return
    at_rest, noted = world.at_rest, world.gate.noted
    world.at_rest = world.gate.noted = None
    places.append(_Place(world.gate.count, copy_of(world), left))
    world.at_rest, world.gate.noted = at_rest, noted
