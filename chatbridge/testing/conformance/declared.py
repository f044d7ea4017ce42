"""What an adapter declares, held against what it is: names, settings, capabilities, protocols."""

# ruff: noqa: SIM300 - what is expected stands left, in every test of this project

from __future__ import annotations

import inspect
import re

import attrs
import pytest

from chatbridge import adapter as contract
from chatbridge.adapter import API_VERSION, Adapter, AnswersChoices, EditsMessages, Polls
from chatbridge.capabilities import Capabilities
from chatbridge.exchange import origin
from chatbridge.secret import Secret
from chatbridge.testing.conformance.given import AdapterTests
from chatbridge.webhook_routes import ROUTE

_PROTOCOLS = {
    name: [member for member in vars(cls) if not member.startswith("_")]
    for name, cls in vars(contract).items()
    if inspect.isclass(cls) and getattr(cls, "_is_protocol", False) and name != "Protocol"
}
_EXCHANGES = (
    "identify", "send", "poll", "register_webhook", "webhook_state", "answer_choice", "edit",
    "fetch", "typing", "complete",
)  # fmt: skip
_SECRETIVE = re.compile(r"token|secret|password|api_?key", re.IGNORECASE)
_LEAST_DATA = 64


class DeclaredTests(AdapterTests):
    """Declared is implemented, and implemented is declared."""

    def test_it_is_complete(self, adapter: Adapter) -> None:
        """The class can be made, has a name in lower case, and is for this adapter API."""
        cls = type(adapter)
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,31}", cls.name), (
            "the adapter's name must be lower-case letters, digits and _"
        )
        assert API_VERSION == cls.api_version, f"write it for adapter API {API_VERSION}"
        assert isinstance(cls.capabilities, Capabilities), "`capabilities` must be a Capabilities"

    def test_settings_are_data(self, adapter: Adapter) -> None:
        """Every setting was made by `chatbridge.setting` and says in one line what it means."""
        schema = adapter.settings_schema
        assert attrs.has(schema), "settings_schema must be an attrs class"
        for field in attrs.fields(schema):
            meaning = field.metadata.get("meaning", "")
            assert meaning.strip() and "\n" not in meaning, (
                f"the setting {field.name} has no meaning of one line; make it by setting(...)"
            )

    def test_secrets_are_secret(self, adapter: Adapter) -> None:
        """What is named like a secret is of type `Secret`, and `secrets()` returns every one."""
        values = attrs.asdict(adapter.settings, recurse=False)
        plain = [
            name
            for name, value in values.items()
            if isinstance(value, str) and _SECRETIVE.search(name) and not name.endswith("_url")
        ]
        assert [] == plain, f"make these settings of type Secret: {', '.join(plain)}"
        kept = {value.reveal() for value in values.values() if isinstance(value, Secret)}
        told = {secret.reveal() for secret in adapter.secrets()}
        assert kept <= told, "secrets() must return every setting of type Secret"

    def test_urls_are_origins(self, adapter: Adapter) -> None:
        """`urls` names at least one origin and is always the same."""
        urls = adapter.urls()
        assert urls, "urls() must name a URL on each origin that calls go to"
        assert all(map(origin, urls))
        assert urls == self.case.make().urls()

    def test_numbers_make_sense(self, capabilities: Capabilities) -> None:
        """Lengths and times are such that something can be said, and answered, in time."""
        assert capabilities.max_text_length >= 64, "a label and a word must fit into a text"
        assert 0 < capabilities.answer_within < capabilities.horizon, (
            "horizon must be longer than answer_within"
        )
        if capabilities.choices:
            assert capabilities.max_choices >= 2, "a choice of one is none; say choices=False"
            assert capabilities.max_choice_label >= 1
            assert capabilities.max_choice_data >= 1

    def test_there_is_a_way_in(self, adapter: Adapter) -> None:
        """Events come by webhooks that prove themselves, by polling, or both."""
        assert adapter.capabilities.proof is not None or isinstance(adapter, Polls), (
            "declare how webhooks prove themselves (proof), or implement poll"
        )

    def test_webhooks_are_read(self, adapter: Adapter) -> None:
        """Who declares how webhooks prove themselves verifies and parses them; others need not."""
        own = [name for name in ("verify", "parse") if name in _defined(type(adapter))]
        if adapter.capabilities.proof is not None:
            assert own == ["verify", "parse"], "implement verify and parse, or say proof=None"

    def test_webhook_routes_are_whole(self, capabilities: Capabilities) -> None:
        """Every route is a method, or a method and a path; there is one where webhooks come."""
        wrong = [each for each in capabilities.webhook_routes if not ROUTE.fullmatch(each)]
        assert [] == wrong, "a route is such as 'POST', or 'PUT /transactions/*'"
        assert capabilities.proof is None or capabilities.webhook_routes

    @pytest.mark.parametrize("protocol", sorted(_PROTOCOLS))
    def test_protocols_are_whole(self, adapter: Adapter, protocol: str) -> None:
        """Of an optional protocol all methods are there, with its arguments, or none is."""
        members = _PROTOCOLS[protocol]
        there = [name for name in members if hasattr(adapter, name)]
        assert there in ([], members), (
            f"{protocol} needs {', '.join(members)}; the adapter has only {', '.join(there)}"
        )
        for name in there:
            wanted = list(inspect.signature(getattr(getattr(contract, protocol), name)).parameters)
            given = list(inspect.signature(getattr(type(adapter), name)).parameters)
            assert wanted == given[: len(wanted)], (
                f"{name} takes {', '.join(given)}; the contract calls it with {', '.join(wanted)}"
            )

    def test_polling_is_declared(self, adapter: Adapter) -> None:
        """`position` says who keeps the polling position exactly where `poll` is implemented."""
        assert isinstance(adapter, Polls) == (adapter.capabilities.position is not None), (
            "declare `position` if and only if you implement poll"
        )

    def test_editing_is_declared(self, adapter: Adapter) -> None:
        """`edits` is not 0 exactly where `edit` is implemented."""
        assert isinstance(adapter, EditsMessages) == (adapter.capabilities.edits != 0), (
            "declare `edits` if and only if you implement edit"
        )

    def test_choices_are_declared(self, adapter: Adapter) -> None:
        """Who answers choices also offers them."""
        if isinstance(adapter, AnswersChoices):
            assert adapter.capabilities.choices, "declare choices=True, or drop answer_choice"

    def test_files_are_declared(self, capabilities: Capabilities) -> None:
        """There are limits for kinds of files exactly where files can be sent."""
        assert bool(capabilities.file_limits) == (capabilities.files is not None), (
            "declare `files` and `file_limits` together"
        )
        for kind, limit in capabilities.file_limits.items():
            assert limit.max_bytes > 0, f"the limit of {kind} lets no file through"

    @pytest.mark.parametrize("name", _EXCHANGES)
    def test_exchanges_are_generators(self, adapter: Adapter, name: str) -> None:
        """What talks to the platform is a generator, so nothing happens before it is asked."""
        method = getattr(adapter, name, None)
        if method is None:
            pytest.skip(f"{name} is not implemented")
        assert inspect.isgeneratorfunction(method), f"{name} must be a generator: use `yield`"


def _defined(adapter: type[Adapter]) -> set[str]:
    """Return the names that an adapter defines itself, or inherits from another one."""
    return {name for cls in adapter.__mro__ if cls is not Adapter for name in vars(cls)}
