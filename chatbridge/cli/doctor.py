"""`chatbridge doctor`: looks at everything that a bridge needs, and says what to do."""

from __future__ import annotations

import json
import logging

import attrs
import click

from chatbridge import Finding
from chatbridge.cli.diagnosis import diagnose
from chatbridge.cli.display import busy, say_finding
from chatbridge.cli.invocation import Invocation, pass_invocation


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
@pass_invocation
def doctor(invocation: Invocation, ctx: click.Context, as_json: bool) -> None:
    """Look at keys, storage, Jira, bots and webhooks; exit with 0 only if all is well.

    Nothing is changed, and it may run beside a running bridge.
    """
    # What goes wrong is told as findings; the log would tell it twice.
    logging.getLogger("chatbridge").setLevel(logging.CRITICAL)
    findings: list[Finding] = []
    with busy("looking"):
        for finding in diagnose(invocation.config):
            findings.append(finding)
            if not as_json:
                say_finding(finding)
    problems = sum(not finding.ok for finding in findings)
    if as_json:
        told = {"ok": not problems, "findings": [attrs.asdict(each) for each in findings]}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    elif problems:
        click.echo(f"{problems} of {len(findings)} need something to be done")
    else:
        click.echo("all is well")
    if problems:
        ctx.exit(1)
