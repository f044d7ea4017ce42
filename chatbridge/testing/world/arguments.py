"""The arguments of `python -m chatbridge.testing.world`, checked before anything runs.

What is wrong ends in one line that says what to do, and in status 2.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Final, NoReturn

from attrs import frozen

from chatbridge.testing.world.enumeration import SETTINGS
from chatbridge.testing.world.histories import History
from chatbridge.testing.world.random_histories import DEFAULT_STEPS
from chatbridge.testing.world.stage import PLATFORMS
from chatbridge.testing.world.written_histories import read_history

COMMAND: Final = "python -m chatbridge.testing.world"


@frozen
class Share:
    """One of several shares of all scenarios.

    Args:
        which: from 0.
        of: how many there are.
    """

    which: int = 0
    of: int = 1


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (--help tells all)\n")


def given_by(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return what the command line asks for.

    Args:
        arguments: without the program's name; None: those of this process.

    Raises:
        SystemExit: with status 2, after a line on standard error, where it cannot be done.
    """
    parser = _parser()
    given = parser.parse_args(arguments)
    wrong = _contradiction(given)
    if wrong:
        parser.error(wrong)
    return given


def _setting(given: argparse.Namespace) -> str | None:
    """Return the setting of the enumeration that was asked for, None where none was."""
    searches = (given.faults, given.pauses, given.meanwhiles, given.alterations, given.rotations)
    return next((each for each in searches if each), None)


def _contradiction(given: argparse.Namespace) -> str:
    setting = _setting(given)
    if given.history is not None and given.seed is not None:
        return "give --history or --seed, not both"
    if setting == "poll" and "poll" not in PLATFORMS[given.platform].modes:
        return f"{given.platform} cannot be polled: take webhook or hints instead of poll"
    drawn = {"--threes": given.threes, "--pairs": given.pairs, "--workers": given.workers}
    counted = next((name for name, asked in drawn.items() if asked), None)
    if counted is not None and given.seeds is None:
        return f"{counted} needs --seeds, how many to draw"
    if given.state is not None and (given.seeds is None or counted is not None):
        return (
            "--state goes with --seeds, alone, with --double or with --records; others have "
            "--share or --start"
        )
    asked = (given.history, given.seed, given.seeds, setting, given.orders or None)
    if all(each is None for each in asked):
        return (
            "say what to run: one history by --seed or --history, many by --seeds, --faults, "
            "--pauses, --meanwhiles, --alterations, --rotations or --orders"
        )
    return ""


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=COMMAND, description="Replay a history, or search for one that fails.",
        allow_abbrev=False,
    )  # fmt: skip
    one = parser.add_argument_group("replay")
    one.add_argument("--seed", type=int, help="run the history of this seed")
    one.add_argument("--steps", type=_count, default=DEFAULT_STEPS, help="how many steps it has")
    one.add_argument("--history", type=_history, help="run this history, as it was printed")
    one.add_argument("--trace", action="store_true", help="print every effect")
    one.add_argument("--no-shrink", action="store_true", help="leave what fails as it is")
    many = parser.add_argument_group("search")
    many.add_argument("--seeds", type=_count, help="run so many seeds")
    many.add_argument("--start", type=_from_0, default=0, help="the first seed")
    how = many.add_mutually_exclusive_group()
    how.add_argument("--double", action="store_true", help="seeds of double crashes")
    how.add_argument("--pairs", action="store_true", help="seeds of crashes, each with a second")
    how.add_argument("--threes", action="store_true", help="seeds of three operations, all faults")
    how.add_argument("--faults", choices=SETTINGS, help="every single fault of every scenario")
    how.add_argument("--pauses", choices=SETTINGS, help="every place for another to work")
    how.add_argument("--meanwhiles", choices=SETTINGS, help="people act at every effect")
    how.add_argument("--alterations", choices=SETTINGS, help="a record is altered at every effect")
    how.add_argument("--rotations", choices=SETTINGS, help="keys are replaced at every effect")
    how.add_argument("--records", action="store_true",
                     help="seeds that alter records and replace keys, too")  # fmt: skip
    how.add_argument("--workers", type=_count,
                     help="seeds of so many processes at work at once")  # fmt: skip
    how.add_argument("--orders", action="store_true", help="every order of two workers")
    parser.add_argument("--edition", choices=("cloud", "data_center"),
                        help="which Jira; else Cloud, or what a seed draws")  # fmt: skip
    parser.add_argument("--platform", choices=sorted(PLATFORMS), default="telegram",
                        help="which chats they are")  # fmt: skip
    many.add_argument("--share", type=_share, default=Share(),
                      help="the k-th of n shares of scenarios, as k/n")  # fmt: skip
    many.add_argument("--minutes", type=_minutes, help="stop after so long")
    many.add_argument("--state", type=_state,
                      help="file to remember the place in, and to go on from")  # fmt: skip
    return parser


def _whole(text: str, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} on")
    return number


def _count(text: str) -> int:
    return _whole(text, 1)


def _from_0(text: str) -> int:
    return _whole(text, 0)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not 0 < minutes < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes above 0")
    return minutes


def _share(text: str) -> Share:
    which, slash, of = text.partition("/")
    if not (slash and which.isdecimal() and of.isdecimal() and 1 <= int(which) <= int(of)):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no share; 2/4 is the second of four, 1/1 all of it"
        )
    return Share(int(which) - 1, int(of))


def _history(text: str) -> History:
    try:
        return read_history(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _state(text: str) -> Path:
    path = Path(text)
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is no file in a folder that exists")
    if not path.exists():
        return path
    try:
        at = json.loads(path.read_text(encoding="utf-8"))["at"]
        name, _, number = at.rpartition(" ")
        good = at == "end" or (name and number.isdecimal())
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        good = False
    if not good:
        raise argparse.ArgumentTypeError(
            f"{text!r} holds no place to go on from: delete it, or name another file"
        )
    return path
