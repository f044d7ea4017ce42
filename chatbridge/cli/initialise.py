"""`chatbridge init`: writes a configuration file and a root key that only their owner can read."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from chatbridge import ConfigurationError, SiteSettings, new_root_key, root_key_from_file
from chatbridge.cli.display import may_ask
from chatbridge.cli.given_secrets import secret_from_file
from chatbridge.cli.invocation import Invocation, pass_invocation
from chatbridge.cli.new_files import write_new
from chatbridge.configuration_sections import StorageSettings, WebSettings
from chatbridge.jira.site import SiteKind
from chatbridge.settings import structure

_TOKEN_VARIABLE = "CHATBRIDGE_SITE_TOKEN"  # noqa: S105 - a variable's name

_HOW_TO_MAKE = {
    True: "make an API token at id.atlassian.com > Security > API tokens",
    False: "make a personal access token in Jira: your picture > Profile > Personal access tokens",
}


@click.command()
@click.option("--site-url", help="Address of the Jira site, such as https://acme.atlassian.net.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in SiteKind]),
    default="auto",
    show_default=True,
    help="Which Jira it is; auto asks an address that is not on atlassian.net.",
)
@click.option(
    "--account", help="E-mail address of the Jira account that the bridge uses; not on Data Center."
)
@click.option(
    "--token-file",
    help="File with the account's API token, or, on Data Center, its personal access token; - for "
    "standard input; it is copied into the configuration. Without it the token comes from "
    f"{_TOKEN_VARIABLE}.",
)
@click.option("--storage", help="Where records are kept.", default="sqlite:chatbridge.db",
              show_default=True)  # fmt: skip
@click.option("--public-url", help="https URL of this bridge; only for webhooks.")
@pass_invocation
def init(
    invocation: Invocation,
    site_url: str | None,
    kind: str,
    account: str | None,
    token_file: str | None,
    storage: str,
    public_url: str | None,
) -> None:
    """Write a configuration file and a root key. No file is ever overwritten."""
    path = invocation.config
    if path.exists():
        raise ConfigurationError(
            f"{path} exists already and stays as it is; edit it, or name another file with -c"
        )
    site_url = site_url or _ask("Address of the Jira site (https://...)", "--site-url")
    site = structure({"url": site_url, "kind": kind}, SiteSettings, where="init")
    account = account or _ask_account(site.known_kind)
    token = secret_from_file(token_file) if token_file else _ask_token()
    _check(site, account, storage, public_url)
    text = _text(site, account, token, storage, public_url)
    key_file = path.parent / "chatbridge.key"
    key_is_new = not key_file.exists()
    if key_is_new:
        write_new(key_file, f"{new_root_key()}\n")
    else:
        root_key_from_file(key_file)
    write_new(path, text)
    _say_next(path, key_file, account, key_is_new=key_is_new, has_token=bool(token))


def _ask(question: str, option: str) -> str:
    if not may_ask():
        raise click.UsageError(f"{option} is missing")
    return str(click.prompt(question))


def _ask_account(kind: SiteKind) -> str | None:
    """Return the account, None where there is none: Data Center has no use for one."""
    question = "E-mail address of the bridge's Jira account"
    if kind is SiteKind.CLOUD:
        return _ask(question, "--account")
    if kind is SiteKind.DATA_CENTER or not may_ask():
        return None
    answer = click.prompt(f"{question} (empty: a Data Center)", default="", show_default=False)
    return str(answer) or None


def _ask_token() -> str:
    if os.environ.get(_TOKEN_VARIABLE) or not may_ask():
        return ""
    question = f"Token of the bridge's account (empty: it will be in {_TOKEN_VARIABLE})"
    return str(click.prompt(question, default="", show_default=False, hide_input=True))


def _check(site: SiteSettings, account: str | None, storage: str, public_url: str | None) -> None:
    """Refuse what the file could not be read with.

    Raises:
        ConfigurationError: something is wrong; the text says what.
    """
    given = {"url": site.url, "kind": site.kind, "token": "checked when it is used"}
    if account is not None:
        given["account"] = account
    structure(given, SiteSettings, where="init")
    if account is not None and site.known_kind is SiteKind.DATA_CENTER:
        raise ConfigurationError(
            "a Data Center takes no account with its token: leave --account out"
        )
    structure({"url": storage}, StorageSettings, where="--storage")
    if public_url is not None:
        structure({"public_url": public_url}, WebSettings, where="init")


def _text(
    site: SiteSettings, account: str | None, token: str, storage: str, public_url: str | None
) -> str:
    lines = [
        "# The configuration of chatbridge; the reference of settings lists all there is.",
        "# Relative places are relative to the folder of this file.",
        "",
        "[site]",
        f"url = {_quoted(site.url)}",
        *([] if site.kind == SiteKind.AUTO else [f"kind = {_quoted(site.kind)}"]),
        *([] if account is None else [f"account = {_quoted(account)}"]),
        f"token = {_quoted(token)}"
        if token
        else f"# The token is in the environment variable {_TOKEN_VARIABLE}.",
        *([] if account is None else _gateway(site.url)),
        "",
        "[storage]",
        f"url = {_quoted(storage)}",
        "",
        "[keys]",
        'file = "chatbridge.key"',
        "",
        "[web]",
        f"public_url = {_quoted(public_url)}"
        if public_url
        else "# public_url is needed for webhooks only; polling does without.",
        'host = "127.0.0.1"',
        "port = 8080",
    ]
    return "\n".join(lines) + "\n"


def _gateway(site_url: str) -> list[str]:
    """Keep calls to a simulated site on this machine; a real one is always https."""
    if site_url.startswith("https:"):
        return []
    return ["# A simulated site is its own gateway.", f"gateway_url = {_quoted(site_url)}"]


def _quoted(text: str) -> str:
    # A JSON text is a TOML text, but for this one character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _say_next(
    path: Path, key_file: Path, account: str | None, *, key_is_new: bool, has_token: bool
) -> None:
    click.echo(f"wrote {path}; only you can read it")
    if key_is_new:
        click.echo(f"wrote {key_file}; keep a copy of it away from the storage and its backups:")
        click.echo("without it the records are lost, with it they can be read")
    else:
        click.echo(f"kept the root key that was in {key_file}")
    command = "chatbridge" if str(path) == "chatbridge.toml" else f"chatbridge -c {path}"
    steps = [
        f"{command} project set support --service-desk ID --request-type ID --bot telegram",
        f"{command} doctor",
        f"{command} run",
    ]
    if not has_token and not os.environ.get(_TOKEN_VARIABLE):
        steps.insert(
            0,
            f"export {_TOKEN_VARIABLE}=...   ({_HOW_TO_MAKE[account is not None]})",
        )
    click.echo("\nnext:")
    for number, step in enumerate(steps, 1):
        click.echo(f"  {number}. {step}")
