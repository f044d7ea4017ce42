"""What an administrator changes is checked first, kept whole or not at all, and holds at once."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from attrs import evolve

from chatbridge.administration import Administration, NewBot
from chatbridge.desk import MarkerRung, RequestField, RequestType
from chatbridge.errors import (
    ConfigurationError,
    ConflictError,
    Refusal,
    RefusedError,
    RetryLaterError,
)
from chatbridge.http_types import HttpResponse
from chatbridge.links import Link
from chatbridge.project import ProjectSettings
from chatbridge.records import Conversation, Project, ProjectState

BOT = NewBot("acme", {"token": "t0ken"})
HOOKED = NewBot("acme", {"token": "t0ken"}, mode="webhook")


@pytest.fixture
def urls():
    """Return what the bridge says of its webhook URL: the URL, or an error."""
    return ["https://bridge.example/webhooks/acme/x"]


@pytest.fixture
def stage(make_stage):
    """Return a process without any project."""
    return make_stage()


@pytest.fixture
def admin(stage, urls):
    """Return the administration over the stage's parts."""

    def url_of(_bot):
        if isinstance(urls[0], Exception):
            raise urls[0]
        return urls[0]

    engine = SimpleNamespace(vault=stage.vault, roster=stage.roster, upkeep=stage.upkeep)
    return Administration(engine, stage.transport, url_of)


def settings(**changes):
    """Return the settings of a project."""
    return ProjectSettings(
        **{"name": "support", "service_desk": "10", "request_type": "25", **changes}
    )


def test_project_is_kept_with_who_its_bot_is(stage, admin):
    """What was set can be read back, the bot's identity and the only site filled in."""
    findings = admin.set_project(settings(), [BOT])
    (project,) = admin.projects()
    (bot,) = project.bots
    assert ("support", "site", ProjectState.ACTIVE) == (
        project.settings.name,
        project.settings.site,
        project.state,
    )
    assert ("7", "acme_bot", "poll", {"token": "t0ken"}) == (
        bot.bot_id,
        bot.username,
        bot.mode,
        bot.settings,
    )
    assert [True] * len(findings) == [finding.ok for finding in findings]
    assert project == admin.project("support")


def test_projects_are_listed_by_name(admin):
    """The order is that of names, whatever the storage's is."""
    for name in ("zebra", "ant", "mule"):
        admin.set_project(settings(name=name), [])
    assert ["ant", "mule", "zebra"] == [each.settings.name for each in admin.projects()]


def test_unknown_project_names_those_there_are(admin):
    """An error helps: it lists the projects."""
    admin.set_project(settings(), [])
    with pytest.raises(ConfigurationError, match=r"'nope' \(there are: support\)"):
        admin.project("nope")


@pytest.mark.parametrize(
    ("method", "failure", "text"),
    [
        ("identify", RefusedError(Refusal.UNAUTHORISED), "check the credential"),
        ("request_type", RefusedError(Refusal.NOT_FOUND), "check service_desk and request_type"),
        ("request_type", RetryLaterError("no connection"), "check the network"),
    ],
)
def test_site_that_disagrees_keeps_nothing(stage, admin, method, failure, text):
    """A check that fails names the mend, and nothing was written."""
    stage.desk.then(method, failure)
    with pytest.raises(ConfigurationError, match=text):
        admin.set_project(settings(), [BOT])
    assert [] == admin.projects()


def test_request_type_that_needs_more_is_refused(stage, admin):
    """A required field without a default is named before anybody's message fails for it."""
    impact = RequestField("f1", "Impact", required=True)
    stage.desk.kind = RequestType("25", "Ask", (RequestField("description", "Text"), impact))
    with pytest.raises(ConfigurationError, match="'Impact'"):
        admin.set_project(settings(), [])
    stage.desk.kind = RequestType(
        "25", "Ask", (RequestField("description", "Text"), evolve(impact, has_default=True))
    )
    admin.set_project(settings(), [])


def test_request_type_without_room_for_the_reference_is_refused(stage, admin):
    """Each request must be able to carry its marker."""
    stage.desk.kind = RequestType("25", "Ask", ())
    with pytest.raises(ConfigurationError, match="no field 'description'"):
        admin.set_project(settings(), [])


def test_text_field_for_the_reference_is_used(stage, admin):
    """A named field carries the marker, if it takes text."""
    fields = (RequestField("cf1", "Reference", text=True), RequestField("cf2", "Number"))
    stage.desk.kind = RequestType("25", "Ask", fields)
    admin.set_project(settings(marker_field="cf1"), [])
    assert MarkerRung.FIELD is admin.project("support").settings.marker_rung
    with pytest.raises(ConfigurationError, match="no text field cf2"):
        admin.set_project(settings(marker_field="cf2"), [])


@pytest.mark.parametrize(
    ("given", "text"),
    [({"site": "nowhere"}, "nowhere"), ({"marker_rung": MarkerRung.FIELD}, "marker_field")],
)
def test_settings_that_cannot_work_are_refused(admin, given, text):
    """The error names the setting."""
    with pytest.raises(ConfigurationError, match=text):
        admin.set_project(settings(**given), [])
    assert [] == admin.projects()


def test_token_that_the_platform_does_not_know_keeps_nothing(stage, admin):
    """A wrong token is told, and never shown."""
    stage.transport.then("identify", RefusedError(Refusal.UNAUTHORISED))
    with pytest.raises(ConfigurationError, match="does not know the bot's token") as raised:
        admin.set_project(settings(), [BOT])
    assert ("t0ken" in str(raised.value), []) == (False, admin.projects())


def test_unknown_mode_is_refused(admin):
    """A bot is polled or sends webhooks."""
    with pytest.raises(ConfigurationError, match="poll or webhook"):
        admin.set_project(settings(), [NewBot("acme", {"token": "t"}, mode="pigeon")])


def test_bot_belongs_to_one_project(admin):
    """A second project is told whose bot it is; the first one may set it again."""
    admin.set_project(settings(), [BOT])
    with pytest.raises(ConfigurationError, match="belongs to project 'support'"):
        admin.set_project(settings(name="other"), [BOT])
    admin.set_project(settings(language="uk"), [BOT])
    assert ["uk"] == [each.settings.language for each in admin.projects()]


def test_webhook_is_registered_with_the_platform(stage, admin, urls):
    """A bot in webhook mode is told where to send; a polled one is not."""
    admin.set_project(settings(), [BOT])
    assert "register" not in [name for name, _ in stage.transport.calls]
    admin.set_project(settings(), [HOOKED])
    assert ("register", {"url": urls[0]}) == stage.transport.calls[-1]


def test_webhook_without_a_public_url_keeps_nothing(admin, urls):
    """Where no webhook can arrive, no bot waits for one."""
    urls[0] = ConfigurationError("public_url is not set")
    with pytest.raises(ConfigurationError, match="public_url"):
        admin.set_project(settings(), [HOOKED])
    assert [] == admin.projects()


def test_mode_can_be_changed_later(stage, admin, urls):
    """Webhooks are set and removed by call, and the record says which holds."""
    admin.set_project(settings(), [BOT])
    assert ["@acme_bot on acme"] == admin.set_webhook("support")
    assert ("register", {"url": urls[0]}) == stage.transport.calls[-1]
    assert "webhook" == admin.project("support").bots[0].mode
    assert ["@acme_bot on acme"] == admin.remove_webhook("support")
    assert ("register", {"url": None}) == stage.transport.calls[-1]
    assert "poll" == admin.project("support").bots[0].mode


def test_webhook_states_come_from_the_platform(stage, admin):
    """The operator sees what the platform says."""
    admin.set_project(settings(), [BOT])
    stage.transport.then("state", HttpResponse(200, {}, b'{"url": "https://x.example"}'))
    ((bot, state),) = admin.webhook_states("support")
    assert (("acme", "7"), "https://x.example") == (bot.key, state.url)


def test_changing_settings_keeps_the_state(admin):
    """A paused project stays paused while its settings are changed."""
    admin.set_project(settings(), [BOT])
    admin.set_state("support", ProjectState.PAUSED)
    admin.set_project(settings(language="uk"), [BOT])
    assert ProjectState.PAUSED is admin.project("support").state


def test_change_that_lost_a_race_is_told(stage, admin, monkeypatch):
    """Two administrators at once: the second one is told to try again."""
    admin.set_project(settings(), [BOT])

    def conflict(*_arguments):
        raise ConflictError("changed")

    monkeypatch.setattr(stage.vault, "replace", conflict)
    with pytest.raises(ConfigurationError, match="somebody else changed the project"):
        admin.set_project(settings(language="uk"), [BOT])


@pytest.mark.invariant("I16")
def test_pause_holds_in_every_process_at_once(stage, admin, make_stage):
    """The call returned, so no other process finds the bot any more."""
    admin.set_project(settings(), [BOT])
    other = make_stage()
    other.roster.refresh()
    assert other.roster.bot("acme", "7") is not None
    admin.set_state("support", ProjectState.PAUSED)
    assert other.roster.bot("acme", "7") is None


def test_resuming_wakes_the_links(stage, admin):
    """What came during a pause is looked at at once."""
    admin.set_project(settings(), [BOT])
    kept = stage.link()
    admin.set_state("support", ProjectState.PAUSED)
    assert kept.key not in stage.queue
    admin.set_state("support", ProjectState.ACTIVE)
    assert kept.key in stage.queue


@pytest.mark.fault("F79")
@pytest.mark.invariant("I17")
def test_removing_takes_all_records_of_the_project_and_no_others(stage, admin):
    """Links, conversations and the project go, with progress; another project keeps its own."""
    admin.set_project(settings(), [BOT])
    admin.set_project(settings(name="other"), [])
    stage.link("1")
    stage.link("2", "c2")
    stage.link("3", "c3", project="other")
    assert [1, 2, 3, 4, 5, 6] == list(admin.remove_project("support"))
    assert ["other"] == [link.record.project for link in stage.vault.scan(Link)]
    assert [] == list(stage.vault.scan(Conversation))
    assert ["other"] == [project.settings.name for project in admin.projects()]


@pytest.mark.fault("F78")
@pytest.mark.invariant("I16")
def test_removing_holds_before_the_first_record_goes(stage, admin):
    """Nothing new happens once the call returned, whether or not its progress is watched."""
    admin.set_project(settings(), [BOT])
    stage.link()
    progress = admin.remove_project("support")
    assert stage.roster.bot("acme", "7") is None
    assert (ProjectState.REMOVED, 1) == (
        stage.vault.read(Project, "support").record.state,
        len(list(stage.vault.scan(Link))),
    )
    assert 3 == list(progress)[-1]


@pytest.mark.fault("F78")
@pytest.mark.parametrize(
    "failure", [RefusedError(Refusal.UNAUTHORISED), RetryLaterError("no connection")]
)
def test_dead_platform_keeps_no_project_alive(stage, admin, failure):
    """A webhook that cannot be removed any more does not stop the removal."""
    admin.set_project(settings(), [HOOKED])
    stage.transport.then("register", failure)
    list(admin.remove_project("support"))
    assert [] == admin.projects()


def test_half_removed_project_is_not_set_again(admin):
    """Whoever sets a project again has to finish its removal first, and is told so."""
    admin.set_project(settings(), [BOT])
    admin.remove_project("support")
    with pytest.raises(ConfigurationError, match="is being removed"):
        admin.set_project(settings(), [BOT])
    assert ProjectState.REMOVED is admin.project("support").state


@pytest.mark.fault("F78")
def test_removal_can_be_finished_later(stage, admin):
    """A removal that broke off is finished by doing it again."""
    admin.set_project(settings(), [BOT])
    stage.link("1")
    stage.link("2", "c2")
    next(admin.remove_project("support"))
    list(admin.remove_project("support"))
    assert ([], []) == (admin.projects(), list(stage.vault.scan(Link)))
