"""What is found out about a site before customers depend on it."""

from __future__ import annotations

import pytest
from attrs import evolve

from chatbridge.desk_checks import check_files, check_reader
from chatbridge.errors import Refusal, RefusedError
from chatbridge.project import ProjectSettings

SETTINGS = ProjectSettings(
    name="support", site="site", service_desk="10", request_type="25", max_file_megabytes=1
)


def _limit(stage, monkeypatch, limit):
    def said():
        yield from ()
        if isinstance(limit, Exception):
            raise limit
        return limit

    monkeypatch.setattr(stage.desk, "upload_limit", said)
    return stage.roster.desk("site")


@pytest.mark.parametrize(
    ("limit", "works", "said"),
    [
        (None, True, "the site takes them"),
        (1_000_000, True, "the site takes them"),
        (500_000, True, "up to 0 MB, and the project up to 1 MB"),
        (RefusedError(Refusal.BAD_FILE), False, "the site takes no files"),
    ],
)
def test_files_of_customers_fit_the_site_or_the_check_says_why(
    stage, monkeypatch, limit, works, said
):
    """A limit that is lower than the project's is told, with what happens to larger files."""
    (finding,) = check_files(_limit(stage, monkeypatch, limit), SETTINGS)
    assert (works, True) == (finding.ok, said in finding.text)


def test_a_project_that_takes_no_files_asks_nothing(stage, monkeypatch):
    """There is nothing to find out, whatever the site takes."""
    desk = _limit(stage, monkeypatch, AssertionError("it was asked"))
    assert [] == check_files(desk, evolve(SETTINGS, customer_files=()))


def test_a_site_that_refuses_to_say_is_no_finding_about_files(stage, monkeypatch):
    """Missing rights are another check's finding and not taken for a limit."""
    desk = _limit(stage, monkeypatch, RefusedError(Refusal.UNAUTHORISED))
    with pytest.raises(RefusedError):
        check_files(desk, SETTINGS)


@pytest.fixture
def reader(make_world, monkeypatch):
    """Return what checks the reader account of a site that says this of its permissions."""
    world = make_world(reader=True)
    desk = world.bridge.engine.roster.desk("acme")
    settings = world.bridge.admin.projects()[0].settings

    def look(answer):
        def said(_desk, _project, _names):
            yield from ()
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(type(desk.desk), "reader_permissions", said)
        (finding,) = check_reader(desk, settings)
        return finding

    return look


@pytest.mark.invariant("I2")
@pytest.mark.parametrize(
    ("answer", "works", "said"),
    [
        ([], True, "is no agent"),
        (["SERVICEDESK_AGENT"], False, "has rights of agents (SERVICEDESK_AGENT)"),
        (RefusedError(Refusal.UNAUTHORISED), False, ""),
    ],
)
def test_a_reader_that_could_see_notes_is_told(reader, answer, works, said):
    """The split of accounts protects only where Jira itself keeps notes from the reader."""
    finding = reader(answer)
    assert (works, True) == (finding.ok, said in finding.text)
    assert works or finding.mend
