"""Who and what is on a simulated Jira site from the start: people, projects, request types."""

from __future__ import annotations

from base64 import b64encode
from zlib import crc32

from attrs import define, field, frozen

STATUSES = {
    "Waiting for support": ("11", "NEW"),
    "In progress": ("21", "INDETERMINATE"),
    "Waiting for customer": ("31", "INDETERMINATE"),
    "Resolved": ("41", "DONE"),
    "Closed": ("51", "DONE"),
}
"""Status name -> (id of the transition to it, its category); each leads to every other."""


@frozen
class Person:
    """An account of the site.

    Args:
        account_id: opaque; portal customers have one with a colon.
        name: to show.
        email: to log in with.
        kind: "atlassian", "app" or "customer".
        username: on Data Center, which has no account ids; empty on Cloud.
    """

    account_id: str
    name: str
    email: str = ""
    kind: str = "atlassian"
    username: str = ""

    @property
    def identity(self) -> dict[str, str]:
        """What names the person in every answer; a key of Data Center outlives the user name."""
        if not self.username:
            return {"accountId": self.account_id}
        return {"name": self.username, "key": f"JIRAUSER{crc32(self.account_id.encode()) % 10**5}"}

    @property
    def query(self) -> str:
        """What names the person in an address."""
        name = "username" if self.username else "accountId"
        return f"{name}={self.username or self.account_id}"


@frozen
class FieldSpec:
    """A field of a request type; `values` are the options of a select, id -> label."""

    field_id: str
    name: str
    kind: str = "string"
    required: bool = False
    custom: str = ""
    values: dict[str, str] = field(factory=dict)


SUMMARY = FieldSpec("summary", "What can we help you with?", required=True)
DESCRIPTION = FieldSpec("description", "Description")


@frozen
class RequestTypeSpec:
    """A request type of the simulated desk."""

    type_id: str
    name: str
    fields: tuple[FieldSpec, ...] = (SUMMARY, DESCRIPTION)

    def field(self, field_id: str) -> FieldSpec | None:
        """Return the field of this id, or None."""
        return next((each for each in self.fields if each.field_id == field_id), None)


REQUEST_TYPES = (
    RequestTypeSpec("25", "Ask a question"),
    RequestTypeSpec(
        "26",
        "Ask in a chat",
        (
            SUMMARY,
            DESCRIPTION,
            FieldSpec("customfield_10050", "Chat reference", custom="textfield"),
        ),
    ),
    RequestTypeSpec(
        "27",
        "Report an outage",
        (
            SUMMARY,
            DESCRIPTION,
            FieldSpec(
                "customfield_10060",
                "Impact",
                "option",
                required=True,
                custom="select",
                values={"10100": "One person", "10101": "Everybody"},
            ),
        ),
    ),
    RequestTypeSpec(
        "28",
        "Ask with labels",
        (SUMMARY, DESCRIPTION, FieldSpec("labels", "Labels", "array")),
    ),
)


@define
class SimulatedProject:
    """A project; `desk_id` is None where it has no service desk."""

    project_id: str
    key: str
    name: str
    desk_id: str | None = None
    request_types: tuple[RequestTypeSpec, ...] = ()
    issues_so_far: int = 0

    def request_type(self, type_id: str) -> RequestTypeSpec | None:
        """Return the request type of this id, or None."""
        return next((each for each in self.request_types if each.type_id == type_id), None)


BOT = Person("5b10a2844c20165700ede21g", "Chat bot", "bot@example.com")
AUTOMATION = Person("557058:f58131cb-b67d-43c7-b30d-6b58d40bd077", "Automation for Jira", "", "app")
READER = Person("712020:0ea4e000-0000-4000-8000-000000000009", "Chat reader", "reader@example.com",
                "customer")  # fmt: skip
READER_TOKEN = "token-of-the-reader"  # noqa: S105 - of a simulation
READER_HEADERS = {
    "cloud": f"Basic {b64encode(f'{READER.email}:{READER_TOKEN}'.encode()).decode()}",
    "data_center": f"Bearer {READER_TOKEN}",
}
"""The Authorization header of the reader account, by kind of site."""
PEOPLE = (
    BOT,
    AUTOMATION,
    Person("5b10ac8d82e05b22cc7d4ef5", "Alice Agent", "alice@example.com"),
    Person("557058:b0b00000-0000-4000-8000-000000000001", "Bob Agent", "bob@example.com"),
    Person("qm:a713c8ea-1075-4e30-9d96-891a7d181739:5ad6d3581db05e2a66fa80b", "Cora Customer",
           "cora@example.org", "customer"),
    READER,
)  # fmt: skip


def projects() -> list[SimulatedProject]:
    """Return fresh projects: a service project and one without a service desk."""
    return [
        SimulatedProject("10001", "HELP", "Help desk", "10", REQUEST_TYPES),
        SimulatedProject("10002", "OPS", "Operations"),
    ]
