"""`chatbridge privacy`: what is kept is told, handed out and erased, with a proof."""

from __future__ import annotations

import json
import sqlite3
import stat

import pytest

from chatbridge.configuration import open_bridge, read_configuration
from chatbridge.records import Conversation


@pytest.fixture
def chat(world) -> str:
    """Return how the linked chat is named."""
    return f"telegram:{world.bot_token.partition(':')[0]}:7"


def test_the_inventory_tells_kinds_and_counts_and_no_content(world, linked):
    """Purposes, fields, lives and counts; no chat, no issue, no token."""
    told = linked.good("privacy", "inventory")
    assert "link: 1  What agents answer finds the customer's chat" in told
    assert "while its request is open: stays (1 now)" in told
    assert "once its request has ended: 30 days" in told
    assert "the chat, as the platform numbers it (personal data)" in told
    listed = json.loads(linked.good("privacy", "inventory", "--json"))
    counts = {each["kind"]: each["count"] for each in listed}
    assert {
        "project": 1,
        "conversation": 1,
        "link": 1,
        "receipt": 0,
        "invitation": 0,
        "claim": 3,
        "keyset": 1,
    } == counts
    for text in (told, json.dumps(listed)):
        assert "10001" not in text and world.bot_token not in text and "HELP" not in text


def test_records_are_shown_on_request_but_never_a_token(world, linked):
    """`--show` has the fields of every record."""
    told = linked.good("privacy", "inventory", "--show")
    assert '"issue_id": "10001"' in told
    assert world.bot_token not in told and "(withheld: secret)" in told
    listed = json.loads(linked.good("privacy", "inventory", "--show", "--json"))
    assert [1, 1] == [
        len(each["records"]) for each in listed if each["kind"] in {"link", "project"}
    ]


@pytest.mark.fault("F79")
def test_all_about_a_request_is_exported(linked):
    """By key or id: its link, and what its conversation says of it; each field is explained."""
    told = json.loads(linked.good("privacy", "export", "--issue", "HELP-1"))
    kinds = {each["kind"]: each["holds"] for each in told["records"]}
    assert {"link", "conversation"} == set(kinds)
    assert ("10001", "7") == (kinds["link"]["issue_id"], kinds["link"]["chat"])
    assert "the id of the request" == told["meanings"]["link"]["issue_id"]
    assert (
        told["records"]
        == json.loads(linked.good("privacy", "export", "--issue", "10001"))["records"]
    )


@pytest.mark.fault("F79")
def test_an_export_goes_into_a_file_of_its_owner(linked, chat):
    """The file is new, private and says how much is in it."""
    said = linked.good("privacy", "export", "--chat", chat, "--output", "told.json")
    path = linked.folder / "told.json"
    assert ("records in told.json: 2\n", 0o600) == (said, stat.S_IMODE(path.stat().st_mode))
    assert 2 == len(json.loads(path.read_text())["records"])
    assert "exists already" in linked.bad(
        "privacy", "export", "--chat", chat, "--output", path.name
    )


@pytest.mark.fault("F79")
def test_a_project_is_exported_without_its_tokens(world, linked):
    """What is withheld is named."""
    text = linked.good("privacy", "export", "--project", "support")
    told = json.loads(text)
    assert world.bot_token not in text
    assert ["project", "conversation", "link", "claim", "claim"] == [
        each["kind"] for each in told["records"]
    ]
    assert "records[0].bots[0].settings.token" in told["withheld"]


@pytest.mark.fault("F79")
@pytest.mark.invariant("I17")
def test_a_chat_is_erased_with_a_proof(world, linked, chat):
    """Nothing is left; the bot may be named by its user name; the proof can be had again."""
    named = chat.replace(chat.split(":")[1], "@simulated_bot")
    told = linked.good("privacy", "erase", "--chat", named, "--yes")
    assert "records removed: conversation: 1, link: 1" in told
    assert ": 0 of them are about it" in told and ": 0 found" in told
    again = linked.good("privacy", "erase", "--chat", chat, "--again", "--yes", "--json")
    proof = json.loads(again)
    assert (True, {}, 0) == (proof["holds"], proof["removed"], proof["left"])
    world.desk.control("comment", {"issue": "HELP-1", "text": "Are you still there?"})
    linked.good("run", "--once")
    assert not any("still there" in text for text in world.shown())


@pytest.mark.fault("F79")
def test_a_request_is_erased_and_its_chat_stays(linked, chat):
    """The conversation knows nothing of the request any more."""
    told = linked.good("privacy", "erase", "--issue", "HELP-1", "--yes")
    assert "records removed: link: 1" in told and "without the request: 1" in told
    (left,) = json.loads(linked.good("privacy", "export", "--chat", chat))["records"]
    assert ([], "") == (left["holds"]["issues"], left["holds"]["current"])
    export = linked("privacy", "export", "--issue", "10001")
    assert (1, []) == (export.exit_code, json.loads(export.stdout)["records"])


@pytest.mark.fault("F79")
def test_a_project_is_erased_whole(linked):
    """With bots, chats, links and claims."""
    told = linked.good("privacy", "erase", "--project", "support", "--yes")
    assert "claim: 2, conversation: 1, link: 1, project: 1" in told
    assert "there are no projects" in linked.good("project", "list")


def test_a_project_is_erased_again_after_it_is_gone(world, linked, chat):
    """The proof can be had again, and what was left goes, where that is asked for (I17)."""
    linked.good("privacy", "erase", "--project", "support", "--yes")
    with open_bridge(read_configuration()) as bridge:
        # A process was at work on a message while the project went.
        bridge.privacy._vault.create(Conversation("telegram", chat.split(":")[1], "7"))
    told = linked.good("privacy", "erase", "--project", "support", "--again", "--yes")
    assert "records removed: conversation: 1" in told
    told = linked.good("privacy", "erase", "--project", "support", "--again", "--yes")
    assert "records removed: none" in told


def test_somebody_is_asked_before_anything_is_erased(linked, chat, monkeypatch):
    """No leaves it; a script has to say --yes."""
    assert "needs --yes" in linked.bad("privacy", "erase", "--chat", chat, status=2)
    monkeypatch.setattr("chatbridge.cli.privacy.may_ask", lambda: True)
    assert 130 == linked("privacy", "erase", "--chat", chat, input="n\n").exit_code
    assert 2 == len(json.loads(linked.good("privacy", "export", "--chat", chat))["records"])
    assert 0 == linked("privacy", "erase", "--chat", chat, input="y\n").exit_code


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 2, "name one of --chat, --issue and --project"),
        (("--chat", "telegram:x:7", "--project", "support"), 2, "name one of"),
        (("--chat", "telegram:7"), 2, "PLATFORM:BOT:CHAT"),
        (("--chat", "telegram:nobody:7"), 1, "nothing is kept of a bot 'nobody'"),
        (("--issue", "HELP-99"), 1, "is not known on the site"),
        (("--issue", "10001", "--site", "elsewhere"), 1, "is not known on the site 'elsewhere'"),
        (("--project", "suport"), 1, "there is no project 'suport' (there are: support)"),
        (("--chat", "telegram:simulated_bot:70"), 1, "nothing is kept about it; see whether"),
        (("--issue", "20001"), 1, "nothing is kept about it; see whether"),
    ],
)
def test_what_is_meant_must_be_clear(linked, arguments, status, said):
    """A typing error erases nothing and says so."""
    assert said in linked.bad("privacy", "erase", *arguments, "--yes", status=status)
    with open_bridge(read_configuration()) as bridge:
        assert 1 == len(list(bridge.links.all()))


@pytest.mark.parametrize(
    "arguments", [("--chat", "telegram:simulated_bot:70"), ("--issue", "20001")]
)
def test_an_export_of_nothing_is_no_success(linked, arguments):
    """A wrong number is not taken for a customer of whom nothing is known."""
    assert "nothing is kept about it" in linked.bad("privacy", "export", *arguments)
    assert [] == json.loads(linked("privacy", "export", *arguments).stdout)["records"]


def test_a_proof_that_fails_says_so(linked, chat):
    """Whoever reads without a pause keeps the log from being emptied: exit code 1, and the mend."""
    config = linked.folder / "chatbridge.toml"
    assert config.is_file()
    (database,) = linked.folder.glob("*.db")
    reader = sqlite3.connect(database, isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from records").fetchone()
    try:
        result = linked("privacy", "erase", "--chat", chat, "--yes")
        assert 1 == result.exit_code
        assert "could not be searched: other processes use the database" in result.stdout
    finally:
        reader.close()
    assert "run it once more, with --again" in result.stdout
    assert ": 0 found" in linked.good("privacy", "erase", "--chat", chat, "--again", "--yes")
