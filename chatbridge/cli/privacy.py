"""`chatbridge privacy`: what is kept, all of it about somebody, and its erasure with proof."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import attrs
import click

from chatbridge import Bridge, ConfigurationError
from chatbridge.cli.display import busy, may_ask, show_table
from chatbridge.cli.invocation import Invocation, pass_invocation
from chatbridge.cli.new_files import write_new
from chatbridge.erasure_proof import ErasureProof
from chatbridge.privacy import Inventory
from chatbridge.subjects import ProjectSubject, Subject

F = TypeVar("F", bound=Callable[..., Any])

_DAY = 24 * 3600
_NOTHING = "nothing is kept about it"
_NOT_COVERED = (
    "not covered: what stands in Jira and at the platform, backups of the storage, and what a "
    "disk or file system keeps of files that were written over"
)


@click.group()
def privacy() -> None:
    """See what is kept, hand it out, and erase it."""


@privacy.command()
@click.option("--show", is_flag=True, help="Show the records themselves, too: personal data.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_invocation
def inventory(invocation: Invocation, show: bool, as_json: bool) -> None:
    """Tell what is kept, why, and for how long. Each kind of record is named with its count.

    Tokens and keys are never shown.
    """
    with invocation.bridge() as bridge, busy("reading all records"):
        found = bridge.privacy.inventory()
        told = [_counted(each) for each in found]
        if show:
            contents = list(bridge.privacy.contents())
            for line in told:
                line["records"] = [held for kind, held in contents if kind == line["kind"]]
    if as_json:
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for each in found:
        _tell(each)
    for line in told if show else ():
        for record in line["records"]:
            click.echo(f"{line['kind']}: {json.dumps(record, ensure_ascii=False)}")


def _about(command: F) -> F:
    """Let a command take whom or what it is about."""
    for option in reversed((
        click.option("--chat", metavar="PLATFORM:BOT:CHAT",
                     help="A chat with a bot, which is named by its id or user name."),
        click.option("--issue", metavar="KEY", help="A customer request, by its key or issue id."),
        click.option("--site", help="The Jira site, where an issue of this name is on several."),
        click.option("--project", metavar="NAME", help="A whole project."),
    )):  # fmt: skip
        command = option(command)
    return command


@privacy.command()
@_about
@click.option("--output", type=click.Path(path_type=Path), help="A new file to write it to.")
@pass_invocation
def export(invocation: Invocation, /, output: Path | None, **about: str | None) -> None:
    """Write all about a chat, a request or a project as JSON.

    Tokens and keys are left out, and named as withheld. A file is made for its owner's eyes only.
    The exit code is 1 where nothing is kept, which may be true or a wrong name.
    """
    with invocation.bridge() as bridge, busy("reading all records"):
        made = bridge.privacy.export(_subject(bridge, again=False, **about))
    text = json.dumps(made, indent=2, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        write_new(output, text)
        click.echo(f"records in {output}: {len(made['records'])}")
    if not made["records"]:
        raise ConfigurationError(f"{_NOTHING}; see whether the name is right")


@privacy.command()
@_about
@click.option("--again", is_flag=True,
              help="It may be erased already; what is left goes.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="The proof as JSON.")
@pass_invocation
def erase(
    invocation: Invocation, /, again: bool, yes: bool, as_json: bool, **about: str | None
) -> None:
    """Erase a chat, a request or a project, with a proof. All that is kept about it goes.

    It may be done while the bridge runs, and again. Nothing changes in Jira or at the platform. The
    exit code is 0 only if the proof holds, and something was kept or --again was given.
    """
    with invocation.bridge() as bridge:
        subject = _subject(bridge, **about, again=again)
        if not yes:
            if not may_ask():
                raise click.UsageError("erasing needs --yes where nobody can be asked")
            click.confirm(_question(subject), abort=True)
        with busy("erasing, and looking at every byte of the storage"):
            proof = bridge.privacy.erase(subject)
    if as_json:
        shown = {**attrs.asdict(proof), "holds": proof.holds}
        click.echo(json.dumps(shown, indent=2))
    else:
        _tell_proof(proof)
    if not proof.holds:
        raise click.ClickException("the proof does not hold, see above")
    if not (again or proof.removed or proof.shortened or proof.on_their_way):
        raise ConfigurationError(
            f"{_NOTHING}; see whether the name is right (--again, where it was erased before)"
        )


def _subject(
    bridge: Bridge,
    *,
    chat: str | None,
    issue: str | None,
    site: str | None,
    project: str | None,
    again: bool,
) -> Subject:
    """Return whom or what the options name.

    Raises:
        ConfigurationError: it is not known; a project that is gone is, where it is erased again.
    """
    if sum(each is not None for each in (chat, issue, project)) != 1:
        raise click.UsageError("name one of --chat, --issue and --project")
    if chat is not None:
        platform, _, rest = chat.partition(":")
        bot, colon, number = rest.partition(":")
        if not colon or not platform or not bot or not number:
            raise click.UsageError("--chat takes PLATFORM:BOT:CHAT, such as telegram:acme_bot:4711")
        return bridge.privacy.chat(platform, bot, number)
    if issue is not None:
        return bridge.privacy.request(issue, site)
    return bridge.privacy.project(str(project), or_gone=again)


def _question(subject: Subject) -> str:
    if isinstance(subject, ProjectSubject) and subject.gone:
        return "Erase whatever is left that belongs to no project?"
    if isinstance(subject, ProjectSubject):
        return f"Erase project {subject.name}, its bots' tokens and all its links for good?"
    return "Erase all that is kept about it for good? Agents' answers will not reach the chat."


def _counted(line: Inventory) -> dict[str, Any]:
    kind = line.kind
    return {
        "kind": kind.name,
        "count": line.count,
        "unreadable": line.unreadable,
        "purpose": kind.purpose,
        "lives": [
            {"when": when, "seconds": seconds, "count": line.lives.get(when, 0)}
            for when, seconds in kind.lives.items()
        ],
        "fields": [attrs.asdict(each) for each in kind.fields],
        "inside": {
            name: [attrs.asdict(each) for each in fields] for name, fields in kind.inside.items()
        },
    }


def _tell(line: Inventory) -> None:
    kind = line.kind
    click.echo(click.style(f"{kind.name}: {line.count}", bold=True) + f"  {kind.purpose}")
    if line.unreadable:
        click.echo(f"  {line.unreadable} of them cannot be read; see 'doctor'")
    for when, seconds in kind.lives.items():
        long = "stays" if seconds is None else f"{seconds // _DAY} days"
        count = f" ({line.lives[when]} now)" if when in line.lives else ""
        click.echo(f"  {when}: {long}{count}")
    fields = [(kind.name, each) for each in kind.fields]
    fields += [(f"in it: {name}", each) for name, more in kind.inside.items() for each in more]
    rows = [
        (where, each.name, each.meaning + (" (personal data)" if each.personal else ""))
        for where, each in fields
    ]
    show_table(("  OF", "FIELD", "WHAT IT HOLDS"), [(f"  {row[0]}", *row[1:]) for row in rows])
    click.echo("")


def _tell_proof(proof: ErasureProof) -> None:
    removed = ", ".join(f"{kind}: {count}" for kind, count in sorted(proof.removed.items()))
    click.echo(f"records removed: {removed or 'none, nothing was kept'}")
    if proof.shortened:
        click.echo(f"conversations that stay, without the request: {proof.shortened}")
    if proof.on_their_way:
        click.echo(
            f"messages that were on their way into Jira: {proof.on_their_way}; one that comes "
            "again begins anew, so look again in some minutes"
        )
    click.echo(f"decrypted {proof.decrypted} other records: {proof.left} of them are about it")
    if proof.unreadable:
        click.echo(f"records that cannot be read, so nobody can tell: {proof.unreadable}")
    if proof.searched is not None:
        click.echo(
            f"wrote the storage anew, emptied its log and searched all {proof.searched} bytes for "
            f"keys and sealed values of what was removed: {proof.remains} found"
        )
    elif proof.trouble:
        click.echo(f"the bytes of the storage could not be searched: {proof.trouble}")
        click.echo("run it once more, with --again")
    else:
        click.echo("this storage cannot show its bytes; ask who runs it what it keeps of the past")
    click.echo(_NOT_COVERED)
