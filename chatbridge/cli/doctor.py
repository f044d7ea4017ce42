"""`chatbridge doctor`: looks at everything that a bridge needs, and says what to do."""

from __future__ import annotations

import json
import logging
from typing import Any

import attrs
import click

from chatbridge import Finding
from chatbridge.cli.diagnosis import Diagnosis
from chatbridge.cli.display import busy, say_finding
from chatbridge.cli.invocation import Invocation, pass_invocation
from chatbridge.cli.trial_checks import Trial

_PROBLEMS = 1
_NOT_LOOKED = 2


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--prove-p1", "prove", metavar="ISSUE",
              help="On this test issue, prove that notes are kept from customers.")  # fmt: skip
@click.option("--loop", metavar="ISSUE",
              help="On this test issue, see how soon a new comment is heard of.")  # fmt: skip
@click.option("--site", help="The Jira site of the test issue, where there are several.")
@click.pass_context
@pass_invocation
def doctor(invocation: Invocation, ctx: click.Context, /, **options: Any) -> None:
    """Look at keys, storage, Jira and bots, and say what to do.

    It exits with 0 if nothing has to be done (a hint is no problem), with 1 if something has, with
    2 if it could not look: without configuration, key or storage.

    Nothing is changed, and it may run beside a running bridge. --prove-p1 and --loop write comments
    to the test issue that you name, and remove them again; no chat may be linked with it.
    """
    # What goes wrong is told as findings; the log would tell it twice.
    logging.getLogger("chatbridge").setLevel(logging.CRITICAL)
    findings: list[Finding] = []
    diagnosis = Diagnosis(invocation.config, _trial(**options))
    with busy("looking"):
        for finding in diagnosis.findings():
            findings.append(finding)
            if not options["as_json"]:
                say_finding(finding)
    problems = sum(not finding.ok for finding in findings)
    if options["as_json"]:
        told = [{"level": each.level, **attrs.asdict(each)} for each in findings]
        click.echo(json.dumps({"ok": not problems, "findings": told}, indent=2, ensure_ascii=False))
    elif problems:
        click.echo(f"{problems} of {len(findings)} need something to be done")
    else:
        click.echo("all is well")
    if not diagnosis.looked:
        ctx.exit(_NOT_LOOKED)
    if problems:
        ctx.exit(_PROBLEMS)


def _trial(prove: str | None, loop: str | None, site: str | None, **_: Any) -> Trial | None:
    if prove and loop and prove != loop:
        raise click.UsageError("--prove-p1 and --loop take the same test issue")
    issue = prove or loop
    return Trial(issue, site, prove=bool(prove), loop=bool(loop)) if issue else None
