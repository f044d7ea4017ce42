"""`chatbridge project export` and `import`: a project moves, its tokens sealed or left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def elsewhere(world, set_up, site_token):
    """Return what calls the command line with another, empty storage."""
    folder = set_up.folder / "elsewhere"
    folder.mkdir()
    configuration = str(folder / "chatbridge.toml")
    set_up.good(
        "-c", configuration, "init", "--site-url", world.site_url, "--account", "bot@example.com"
    )

    def call(*arguments: str, good: bool = True, **given):
        run = set_up.good if good else set_up.bad
        return run("-c", configuration, *arguments, **given)

    return call


def _told(text: str) -> dict:
    told = json.loads(text)
    for bot in told["bots"]:
        assert "set" == bot["settings"]["token"]
    return told


def test_a_project_moves_with_its_tokens_sealed(world, set_up, elsewhere):
    """With a key for the way nothing has to be typed again, and no file shows a token."""
    public = elsewhere("project", "transfer-key", "--file", "move.key").strip()
    set_up.good("project", "export", "support", "--seal-to", public, "--output", "support.json")
    assert world.bot_token not in Path("support.json").read_text()
    assert [0o600, 0o600] == [
        Path(name).stat().st_mode & 0o777 for name in ("support.json", "move.key")
    ]
    told = elsewhere("project", "import", "support.json", "--key-file", "move.key")
    assert "project support (new)" in told and "token: set" in told
    assert "ok  telegram bot: is @simulated_bot" in told and world.bot_token not in told
    here = _told(set_up.good("project", "show", "support", "--json"))
    assert here == _told(elsewhere("project", "show", "support", "--json"))


def test_without_a_key_the_token_is_asked_for(world, set_up, elsewhere):
    """Tokens are left out; whoever takes the project in says where they are."""
    text = set_up.good("project", "export", "support")
    assert world.bot_token not in text
    complaint = elsewhere("project", "import", "-", good=False, input=text)
    assert "--bot-token-env VARIABLE" in complaint
    elsewhere("project", "import", "-", "--bot-token-env", "BOT_TOKEN", input=text)
    assert "poll" == _told(elsewhere("project", "show", "support", "--json"))["bots"][0]["mode"]


def test_the_same_project_taken_in_again_shows_what_changes(world, set_up):
    """What is kept stays where the document says nothing; the difference is shown first."""
    document = json.loads(set_up.good("project", "export", "support"))
    document["settings"]["announce"] = "none"
    set_up.good("project", "pause", "support")
    told = set_up.good("project", "import", "-", input=json.dumps(document))
    assert "  announce: all -> none" in told.splitlines()
    assert "  telegram bot @simulated_bot: token: unchanged" in told.splitlines()
    assert "paused" == _told(set_up.good("project", "show", "support", "--json"))["state"]


def test_a_document_is_checked_like_a_setting(world, set_up):
    """A request type that cannot work is refused, and everything stays as it was."""
    document = json.loads(set_up.good("project", "export", "support"))
    document["settings"]["request_type"] = "27"
    complaint = set_up.bad("project", "import", "-", input=json.dumps(document))
    assert "it needs 'Impact'" in complaint
    kept = _told(set_up.good("project", "show", "support", "--json"))
    assert "25" == kept["settings"]["request_type"]


def test_a_bot_that_is_not_in_the_document_goes(world, set_up):
    """The difference names a bot that is removed."""
    document = json.loads(set_up.good("project", "export", "support"))
    document["bots"] = []
    told = set_up.good("project", "import", "-", input=json.dumps(document))
    assert "  telegram bot @simulated_bot: removed" in told.splitlines()
    assert [] == _told(set_up.good("project", "show", "support", "--json"))["bots"]


def test_nothing_is_written_over(set_up):
    """An export never replaces a file, nor does a key."""
    (set_up.folder / "there").write_text("precious")
    assert "exists already" in set_up.bad("project", "export", "support", "--output", "there")
    assert "exists already" in set_up.bad("project", "transfer-key", "--file", "there")
    assert "precious" == (set_up.folder / "there").read_text()
