"""Takes secrets in: from a variable, a file, standard input or a hidden prompt.

Never from the command line itself, where every program of the machine could read them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from chatbridge import ConfigurationError


def secret_from_variable(name: str) -> str:
    """Return the secret in an environment variable.

    Raises:
        ConfigurationError: it is not set, or empty.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        raise ConfigurationError(f"the environment variable {name} is not set; put the token there")
    return text


def secret_from_file(name: str) -> str:
    """Return the secret in a file, or on standard input for "-"; blanks around it do not matter.

    Raises:
        ConfigurationError: it cannot be read, or is empty.
    """
    where = "standard input" if name == "-" else f"the file {name}"
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text()
    except OSError as error:
        raise ConfigurationError(f"{where} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        text = ""
    if len(text.split()) != 1:
        raise ConfigurationError(f"{where} must hold the token and nothing else")
    return text.strip()


def secret_from_prompt(question: str) -> str:
    """Ask for a secret without showing it."""
    return str(click.prompt(question, hide_input=True)).strip()
