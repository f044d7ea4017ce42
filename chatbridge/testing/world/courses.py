"""The course of a history without any fault, kept before each effect, so that faults begin late.

What comes before a fault is the same whatever fault comes, so it happens once: each fault starts
from the last copy before its effect. A test holds that the outcome is that of the whole history.
"""

from __future__ import annotations

from attrs import define, field

from chatbridge.jira.jira_desk import JiraDesk
from chatbridge.testing.world.faults import MODES, Armed
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
        kinds: of all effects since the first step, in their order.
        before: how many effects there had been before the first step.
    """

    history: History
    outcome: Outcome
    kinds: tuple[str, ...]
    before: int
    _places: list[_Place] = field(factory=list)

    @classmethod
    def of(cls, history: History, make_desk: MakeDesk = JiraDesk) -> Course:
        """Let a history happen and keep its course."""
        places: list[_Place] = []
        with heard() as surprises:
            world = ready(history, make_desk)
            world.gate.trace = []
            before = world.gate.count
            for number, step in enumerate(history.steps):
                left = history.steps[number + 1 :]
                _keep(world, places, (step, *left))
                world.at_rest = lambda rest=left: _keep(world, places, (("goes_on", 0), *rest))
                perform(world, step)
                world.at_rest = None
                if world.truth.violations:
                    break
            kinds = tuple(line.split()[2] for line in world.gate.trace)
            world.gate.trace = None
            return cls(history, judged(world, surprises), kinds, before, places)

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
        effects = enumerate(self.kinds, self.before)
        hits = [at for at, kind in effects if kind in MODES[mode]][:countdown]
        place = next(each for each in reversed(self._places) if each.effects <= hits[-1])
        with heard() as surprises:
            world: World = place.copy.thaw()
            before = sum(at < place.effects for at in hits)
            world.gate.armed.append(Armed(mode, countdown - before, step))
            for each in place.left:
                perform(world, each)
                if world.truth.violations:
                    break
            return judged(world, surprises)


def _keep(world: World, places: list[_Place], left: tuple[Step, ...]) -> None:
    if places and places[-1].effects == world.gate.count:
        return
    at_rest, trace = world.at_rest, world.gate.trace
    world.at_rest = world.gate.trace = None
    places.append(_Place(world.gate.count, copy_of(world), left))
    world.at_rest, world.gate.trace = at_rest, trace
