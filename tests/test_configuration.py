"""chatbridge.toml and the environment: what wins, what is refused, and how that is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatbridge.configuration import Configuration, open_bridge, read_configuration
from chatbridge.errors import ConfigurationError, WrongKeyError
from chatbridge.jira.site import SiteSettings
from chatbridge.keys import new_root_key, root_key_from_text
from chatbridge.settings import secret_settings

SITE = '[site]\nurl = "https://acme.atlassian.net"\naccount = "bot@acme.example"\n'
TOKEN = {"CHATBRIDGE_SITE_TOKEN": "the-site-token"}


@pytest.fixture
def read(tmp_path: Path):
    """Return what writes a file, private unless told otherwise, and reads it."""

    def act(text: str = SITE, environment=TOKEN, mode: int = 0o600, **given) -> Configuration:
        file = tmp_path / "chatbridge.toml"
        file.write_text(text)
        file.chmod(mode)
        return read_configuration(file, environment=environment, **given)

    return act


@pytest.fixture
def complaint(read):
    """Return what reads a file that must be refused, and returns the error's text."""

    def act(*arguments, **given) -> str:
        with pytest.raises(ConfigurationError) as caught:
            read(*arguments, **given)
        # The parser's own error would carry the whole file, tokens included.
        assert caught.value.__cause__ is None
        return str(caught.value)

    return act


def test_defaults_do_for_one_site(read, tmp_path):
    """A site is all that must be named."""
    made = read()
    assert ("acme", "https://acme.atlassian.net") == (made.sites[0].name, made.sites[0].url)
    assert f"sqlite:{tmp_path}/chatbridge.db" == made.storage_url
    assert [tmp_path / "chatbridge.key"] == made.key_files()
    assert ("127.0.0.1", 8080, None) == (made.web.host, made.web.port, made.web.public_url)
    assert (16, 10.0) == (made.run.workers, made.timings.feed_every)


def test_argument_wins_over_environment_over_file_over_default(read):
    """Each source gives way to the one before it; an argument of None says nothing."""
    text = SITE + "[web]\nport = 1\n"
    environment = {**TOKEN, "CHATBRIDGE_PORT": "2"}
    assert 8080 == read().web.port
    assert 1 == read(text).web.port
    assert 2 == read(text, environment, arguments={"web": {"port": None}}).web.port
    assert 3 == read(text, environment, arguments={"web": {"port": 3}}).web.port


def test_an_authority_of_the_company_is_a_file(read, tmp_path):
    """Its place is relative to the configuration's; one that is not there is named."""
    made = read(SITE + '[run]\nca_bundle = "company.pem"\n')
    with pytest.raises(ConfigurationError, match=r"ca_bundle names .*company\.pem"):
        _ = made.ca_bundle
    (tmp_path / "company.pem").write_text("")
    assert str(tmp_path / "company.pem") == made.ca_bundle
    assert read(SITE).ca_bundle is None


def test_everything_of_the_site_may_be_in_the_environment(read):
    """A file without secrets, or without a site at all, is completed by variables."""
    environment = {
        **TOKEN,
        "CHATBRIDGE_SITE_URL": "https://other.atlassian.net",
        "CHATBRIDGE_SITE_ACCOUNT": "other@acme.example",
        "CHATBRIDGE_HINT_SECRET": "of-hints",
    }
    site = read("", environment).sites[0]
    assert ("other", "other@acme.example") == (site.name, site.account)
    assert site.token is not None and site.token.matches("the-site-token")
    assert site.hint_secret is not None and site.hint_secret.matches("of-hints")


def test_several_sites_have_variables_of_their_own(read):
    """With `[[site]]` each variable ends in the site's name."""
    text = (
        '[[site]]\nname = "one"\nurl = "https://one.atlassian.net"\naccount = "a@b.c"\n'
        '[[site]]\nname = "the-other"\nurl = "https://two.atlassian.net"\naccount = "a@b.c"\n'
    )
    environment = {"CHATBRIDGE_SITE_TOKEN_ONE": "1", "CHATBRIDGE_SITE_TOKEN_THE_OTHER": "2"}
    sites = read(text, environment).sites
    assert ["one", "the-other"] == [site.name for site in sites]
    assert all(
        site.token is not None and site.token.matches(value)
        for site, value in zip(sites, "12", strict=True)
    )


def test_places_are_relative_to_the_file(read, tmp_path):
    """It does not matter from which folder the command is given; absolute places stay."""
    made = read(SITE + '[storage]\nurl = "sqlite:data/x.db"\n[keys]\nfiles = ["new", "/etc/old"]\n')
    assert f"sqlite:{tmp_path}/data/x.db" == made.storage_url
    assert [tmp_path / "new", Path("/etc/old")] == made.key_files()
    assert "memory:" == read(SITE + '[storage]\nurl = "memory:"\n').storage_url


def test_timings_are_read(read):
    """Timings stand in a table of their own."""
    assert 0.5 == read(SITE + "[timings]\nfeed_every = 0.5\n").timings.feed_every


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[site\nurl = "x"\n', "line 1"),
        (SITE + '[storage]\nurl = "sqlite:chat', "line 5"),
        (SITE + "[web]\nport = \n", "line 5"),
        (SITE + "x = yes\n", "line 4"),
    ],
)
def test_a_half_written_file_names_the_line(complaint, text, said):
    """The line and what to do are told, not what stands in the line."""
    told = complaint(text)
    assert said in told and "chatbridge init" in told
    assert "sqlite:chat" not in told


def test_a_broken_line_is_not_shown(complaint):
    """A token in a broken line stays out of the error."""
    assert "s3cret" not in complaint(SITE + 'token = "s3cret\n')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[sites]\n", "does not know [sites] (known: site, storage"),
        ('site = "acme"\n', "[site] in"),
        ("[site]\n", "url is missing"),
        ('[site]\nurl = "acme"\naccount = "a@b.c"\n', "url must be a URL that starts with https"),
        ('[site]\nurl = "https://a.atlassian.net"\n', "account is missing"),
        ('[site]\nurl = "https://a.example"\nkind = "cloud"\n', "account is missing"),
        (SITE + 'kind = "server"\n', "kind must be one of auto, cloud, data_center"),
        (SITE + 'kind = "data_center"\n', "leave account out"),
        (SITE + 'hint_path_secret = "short"\n', "16 to 128 letters, digits, hyphens"),
        (
            SITE + 'hint_secret_before = "old"\n',
            "hint_secret_before needs hint_secret, the new one",
        ),
        (SITE + "retries = 3\n", "does not know retries (known: account"),
        (SITE + "[web]\nport = 70000\n", "port must be between 0 and 65535"),
        (SITE + '[web]\nport = "80"\n', "port must be a whole number"),
        (SITE + '[web]\npublic_url = "http://a.example"\n', "public_url must be a URL that starts"),
        (SITE + "[run]\nworkers = 0\n", "workers must be between 1 and 256"),
        (SITE + "[timings]\nlease = true\n", "lease must be a number"),
        (SITE + "[keys]\nfile = 1\n", "file must be a text"),
        (SITE.replace("[site]", "[[site]]") * 2, "where there are several, each needs a name"),
        ((SITE.replace("[site]", "[[site]]") + 'name = "a"\n') * 2, "needs a name of its own"),
    ],
)
def test_a_wrong_setting_is_named_with_the_file(complaint, tmp_path, text, said):
    """File, setting and mend are in the error."""
    environment = {**TOKEN, "CHATBRIDGE_SITE_TOKEN_A": "t"}
    told = complaint(text, environment)
    assert said in told and str(tmp_path / "chatbridge.toml") in told
    assert "the-site-token" not in told


def test_a_missing_token_says_where_to_get_one_and_where_to_put_it(complaint):
    """The mend names the page of Atlassian, the variable and the file's mode."""
    told = complaint(SITE, {})
    assert "id.atlassian.com" in told
    assert "CHATBRIDGE_SITE_TOKEN" in told and "chmod 600" in told


def test_a_wrong_variable_is_named_without_its_value(complaint):
    """A variable that cannot be read is named, its value is not shown."""
    told = complaint(SITE, {**TOKEN, "CHATBRIDGE_PORT": "eighty"})
    assert "the environment variable CHATBRIDGE_PORT must be a whole number" == told
    told = complaint(SITE, {**TOKEN, "CHATBRIDGE_SITE_URL": "acme"})
    assert "with CHATBRIDGE_SITE_URL, CHATBRIDGE_SITE_TOKEN of the environment" in told


@pytest.mark.parametrize("name", sorted(secret_settings(SiteSettings)))
@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_file_with_a_secret_must_be_private(read, complaint, name, mode):
    """Others must not be able to read it; without a secret they may."""
    lines = f'{name} = "s3cret-of-16-signs"\n'
    told = complaint(SITE + lines, mode=mode)
    assert "chmod 600" in told and "s3cret" not in told
    assert read(SITE, mode=mode)
    if name.endswith("_before"):
        lines += f'{name.removesuffix("_before")} = "its-successor-of-16"\n'
    if name == "reader_token":
        lines += 'reader_account = "reader@acme.example"\n'
    assert read(SITE + lines, mode=0o600)


def test_no_file_no_text_no_permission(tmp_path):
    """A file that is not there, is a folder, or is no text says so."""
    for place, said in ((tmp_path / "none.toml", "chatbridge init"), (tmp_path, "cannot be read")):
        with pytest.raises(ConfigurationError, match=said):
            read_configuration(place)
    (tmp_path / "latin.toml").write_bytes(b'[site]\nurl = "\xff"\n')
    with pytest.raises(ConfigurationError, match="UTF-8"):
        read_configuration(tmp_path / "latin.toml")


def test_the_rest_can_be_read_without_the_sites(read):
    """Where only the site is wrong, the rest is still to be had."""
    assert () == read("[site]\n", {}, with_sites=False).sites


def test_secrets_stay_out_of_repr(read):
    """Whoever prints the configuration shows no token and no key."""
    key = new_root_key()
    shown = repr(read(SITE, {**TOKEN, "CHATBRIDGE_ROOT_KEY": key}))
    assert "the-site-token" not in shown and key not in shown


def test_keys_come_from_the_variable_else_from_files(read, tmp_path):
    """The variable wins; it may hold several keys, and its name can be chosen."""
    first, second = new_root_key(), new_root_key()
    (tmp_path / "chatbridge.key").write_text(first)
    (tmp_path / "chatbridge.key").chmod(0o600)
    named = read(SITE + '[keys]\nenv = "MY_KEYS"\n', {**TOKEN, "MY_KEYS": f"{second} {first}"})
    newest, oldest = named.root_keys()
    (only,) = read().root_keys()
    assert only.reveal() == oldest.reveal()
    assert only.reveal() != newest.reveal()


@pytest.fixture
def in_keyring(monkeypatch):
    """Return entries that the system's keyring has, as far as the configuration sees."""
    entries = {}
    monkeypatch.setattr(
        "chatbridge.configured_keys.root_key_from_keyring",
        lambda *entry: root_key_from_text(entries[entry]),
    )
    return entries


def test_keys_come_from_the_keyring_instead_of_the_file(read, in_keyring, tmp_path):
    """An entry of the keyring takes the place of `file`, and stands beside `files`."""
    first, second = new_root_key(), new_root_key()
    in_keyring["my/service", "root"] = first
    (tmp_path / "next.key").write_text(second)
    (tmp_path / "next.key").chmod(0o600)
    alone = read(SITE + '[keys]\nkeyring = ["my/service/root"]\n')
    assert [("the keyring entry my/service/root", root_key_from_text(first).fingerprint)] == [
        (place, root.fingerprint) for place, root in alone.root_keys_by_place()
    ]
    both = read(SITE + '[keys]\nkeyring = ["my/service/root"]\nfiles = ["next.key"]\n')
    assert [root_key_from_text(text).reveal() for text in (first, second)] == [
        root.reveal() for root in both.root_keys()
    ]


@pytest.mark.parametrize("entry", ["root", "/root", "service/"])
def test_a_keyring_entry_has_two_names(read, entry):
    """An entry without a service or a name is refused with an example."""
    with pytest.raises(ConfigurationError, match=r'keyring = \["chatbridge/root"\]'):
        read(SITE + f'[keys]\nkeyring = ["{entry}"]\n').root_keys()


def test_no_key_says_what_to_do(read):
    """Without a key, file and variable are named and nothing is made up."""
    with pytest.raises(ConfigurationError, match=r"chatbridge keys new --file .*chatbridge\.key"):
        read().root_keys()


def test_a_key_that_others_can_read_is_refused(read, tmp_path):
    """The mend is in the error, the key is not."""
    key = new_root_key()
    (tmp_path / "chatbridge.key").write_text(key)
    (tmp_path / "chatbridge.key").chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600") as caught:
        read().root_keys()
    assert key.split(".")[1] not in str(caught.value)


def test_a_blank_variable_is_no_key(read):
    """A variable of blanks is refused as empty, and no file is taken instead in silence."""
    with pytest.raises(ConfigurationError, match="CHATBRIDGE_ROOT_KEY is empty"):
        read(SITE, {**TOKEN, "CHATBRIDGE_ROOT_KEY": "  "}).root_keys()


def test_the_bridge_is_opened_as_described(read, tmp_path):
    """Storage, key, site and public URL arrive; what is given by hand replaces them."""
    environment = {**TOKEN, "CHATBRIDGE_ROOT_KEY": new_root_key()}
    made = read(SITE + '[web]\npublic_url = "https://chat.example/b/"\n', environment)
    with open_bridge(made) as bridge:
        assert "https://chat.example/b/hints/acme" == bridge.hint_url("acme")
        assert ["acme"] == list(bridge.engine.roster.sites())
    assert (tmp_path / "chatbridge.db").exists()
    with open_bridge(made, public_url=None) as bridge:
        assert bridge.hint_url("acme") is None
    other = read(SITE, {**TOKEN, "CHATBRIDGE_ROOT_KEY": new_root_key()})
    with pytest.raises(WrongKeyError):
        open_bridge(other)
