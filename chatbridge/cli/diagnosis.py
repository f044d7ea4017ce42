"""All checks of `chatbridge doctor`, in order; one that fails or crashes never hides another.

Nothing is changed, but for one record of no meaning in the storage, and what a trial on a test
issue that was asked for writes there; both are removed again.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from attrs import define

from chatbridge import Bridge, ChatbridgeError, Finding
from chatbridge.cli.bot_checks import check_bot
from chatbridge.cli.site_checks import check_clock, check_hints, check_login, check_project
from chatbridge.cli.storage_checks import check_storage
from chatbridge.cli.trial_checks import Trial, check_trial
from chatbridge.cli.web_checks import check_web
from chatbridge.configuration import Configuration, open_bridge, read_configuration
from chatbridge.records import Project, ProjectState

_AGAIN: Final = "see to it, then run chatbridge doctor again"


@define
class Diagnosis:
    """One look at everything.

    Args:
        path: the configuration file.
        trial: what shall be tried on a test issue, or None.
        looked: whether there was a bridge to look at.
    """

    path: Path
    trial: Trial | None = None
    looked: bool = False

    def findings(self) -> Iterator[Finding]:
        """Look, and yield what is found."""
        read: list[Configuration] = []
        yield from shielded("configuration", _check_file, self.path, read)
        for configuration in read:
            yield from shielded("root key", _check_keys, configuration)
            opened: list[Bridge] = []
            yield from shielded("storage", _check_opening, configuration, opened)
            for bridge in opened:
                self.looked = True
                with bridge:
                    yield from _check_bridge(bridge, configuration)
                    if self.trial is not None:
                        yield from shielded("trial", check_trial, bridge, configuration, self.trial)


def shielded(subject: str, check: Callable[..., Iterable[Finding]], *of: Any) -> Iterator[Finding]:
    """Yield what a check finds; whatever it raises is a finding too.

    Args:
        subject: what is looked at.
        check: returns or yields findings.
        of: what it is called with.
    """
    try:
        yield from check(*of)
    except ChatbridgeError as error:
        yield Finding(subject, False, str(error), _AGAIN)
    except Exception as error:  # noqa: BLE001 - the other checks go on whatever happens
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        text = f"the check itself failed with {type(error).__name__} in {where}"
        yield Finding(subject, False, text, "report it as a fault of chatbridge or of a plugin")


def _check_bridge(bridge: Bridge, configuration: Configuration) -> Iterator[Finding]:
    roster = bridge.engine.roster
    yield from shielded("storage", check_storage, bridge)
    yield from shielded("public_url", check_web, configuration.web.public_url)
    # What cannot be asked is told once, and not again by each question to it.
    closed: set[str] = set()
    for site in configuration.sites:
        yield from shielded(f"Jira site {site.name}", check_login, roster, site.name, closed)
        if site.name not in closed:
            yield from shielded("clock", check_clock, roster, site.name)
            yield from shielded(f"webhook of Jira site {site.name}", check_hints, bridge, site.name)
    projects: list[Project] = []
    yield from shielded("projects", _check_projects, bridge, projects)
    for project in projects:
        subject = f"project {project.settings.name}"
        if configuration.sites and project.settings.site not in closed:
            yield from shielded(subject, check_project, roster, project.settings)
        for bot in project.bots:
            yield from shielded(f"{subject}: {bot.platform} bot", check_bot, bridge, project, bot)


def _check_file(path: Path, read: list[Configuration]) -> Iterator[Finding]:
    """Read the file into `read`; without its sites where only they are wrong."""
    try:
        read.append(read_configuration(path))
    except ChatbridgeError as error:
        yield Finding("configuration", False, str(error), _AGAIN)
    else:
        yield Finding("configuration", True, f"{path} can be read")
        return
    try:
        read.append(read_configuration(path, with_sites=False))
    except ChatbridgeError:
        # Told already: it is the same trouble.
        return


def _check_opening(configuration: Configuration, opened: list[Bridge]) -> Iterator[Finding]:
    opened.append(open_bridge(configuration))
    yield Finding("storage", True, "opens with this root key")


def _check_keys(configuration: Configuration) -> Iterator[Finding]:
    found = configuration.root_keys_by_place()
    where = ", ".join(dict.fromkeys(place for place, _ in found))
    yield Finding("root key", True, f"{len(found)} from {where}")


def _check_projects(bridge: Bridge, projects: list[Project]) -> Iterator[Finding]:
    for project in bridge.admin.projects():
        projects.append(project)
        subject = f"project {project.settings.name}"
        if project.state is ProjectState.REMOVED:
            mend = f"finish it: chatbridge project remove {project.settings.name}"
            yield Finding(subject, False, "was being removed, and that did not end", mend)
        elif project.state is ProjectState.PAUSED:
            mend = f"chatbridge project resume {project.settings.name}"
            yield Finding(subject, False, "is paused", mend)
        elif not project.bots:
            mend = f"chatbridge project set {project.settings.name} --bot PLATFORM"
            yield Finding(subject, False, "has no bot", mend)
    if not projects:
        yield Finding(
            "projects",
            False,
            "there are none",
            "chatbridge project set NAME --service-desk ID --request-type ID --bot PLATFORM",
        )
