"""`AdapterSuite`: every test that an adapter must pass, chosen by what it declares.

Needs pytest (`pip install chatbridge-jsm[testing]`).
"""

from __future__ import annotations

from chatbridge.testing.conformance.conversations import ConversationTests
from chatbridge.testing.conformance.declared import DeclaredTests
from chatbridge.testing.conformance.hostilities import HostileTests
from chatbridge.testing.conformance.offerings import OfferingTests
from chatbridge.testing.conformance.outcomes import OutcomeTests
from chatbridge.testing.conformance.proofs import ProofTests
from chatbridge.testing.conformance.readings import ReadingTests
from chatbridge.testing.conformance.secrecies import SecrecyTests
from chatbridge.testing.conformance.sendings import SendingTests
from chatbridge.testing.conformance.sources import SourceTests


class AdapterSuite(
    DeclaredTests, SourceTests, ProofTests, ReadingTests, HostileTests, SendingTests,
    OfferingTests, OutcomeTests, SecrecyTests, ConversationTests,
):  # fmt: skip
    """Every test that an adapter must pass; a promise that it does not make is skipped.

    Give `case`, an `AdapterCase`.

    Example::

        class TestAcme(AdapterSuite):
            case = AdapterCase(
                adapter=AcmeAdapter,
                settings={"token": "token-of-tests", "webhook_secret": "secret-of-tests"},
                payloads=Path(__file__).parent / "payloads",
                prove=lambda body: {"X-Acme-Signature": sign(b"secret-of-tests", body)},
            )
    """
