"""`chatbridge conformance`: tests an installed adapter or storage and prints a dated report."""

from __future__ import annotations

from pathlib import Path

import click

from chatbridge import ConfigurationError
from chatbridge.cli.display import busy


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
@click.option(
    "--badge",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a picture (SVG) for a README, over the one that is there.",
)
@click.pass_context
def conformance(ctx: click.Context, name: str, as_json: bool, badge: Path | None) -> None:
    """Test an installed adapter or storage by everybody's suite.

    NAME is the adapter's name or the storage's scheme. Its package ships what the suite needs in a
    module named conformance. The exit code is 1 where a promise is not kept.
    """
    try:
        from chatbridge.testing.conformance.finding import find
        from chatbridge.testing.conformance.running import run
    except ModuleNotFoundError as error:
        if error.name != "pytest":
            raise
        raise ConfigurationError(
            "the suites need pytest: pip install 'chatbridge-jsm[testing]'"
        ) from None
    found = find(name)
    with busy(f"testing {name}"):
        report = run(name, found)
    if badge is not None:
        _write(badge, report.as_badge())
    click.echo(report.as_json() if as_json else report.as_text())
    if not report.conforms:
        ctx.exit(1)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None
