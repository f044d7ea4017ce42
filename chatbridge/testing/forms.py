"""Reads the multipart forms that clients of a simulator send, bytes kept as they came."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart

from attrs import field, frozen

from chatbridge.testing.simulator import SimulatedCall


@frozen
class FormField:
    """One part of a form.

    Args:
        name: of the field.
        data: its bytes.
        filename: set for files.
        media_type: as the client says.
    """

    name: str
    data: bytes = field(repr=False)
    filename: str | None = None
    media_type: str = "text/plain"

    @property
    def text(self) -> str:
        """The bytes as text; what is no UTF-8 is replaced."""
        return self.data.decode("utf-8", "replace")


def read_form(call: SimulatedCall) -> tuple[FormField, ...] | None:
    """Return the parts of a call's form, None where its body is no form."""
    media_type = call.headers.get("Content-Type", "")
    if not media_type.lower().startswith("multipart/form-data"):
        return None
    head = b"Content-Type: %s\r\n\r\n" % media_type.encode("latin-1", "replace")
    message = message_from_bytes(head + call.body, policy=policy.HTTP)
    if not isinstance(message, EmailMessage) or not message.is_multipart():
        return None
    return tuple(_field(part) for part in message.iter_parts())


def _field(part: MIMEPart) -> FormField:
    name = part.get_param("name", header="content-disposition")
    data = part.get_payload(decode=True)
    return FormField(
        name if isinstance(name, str) else "",
        data if isinstance(data, bytes) else b"",
        part.get_filename(),
        part.get_content_type(),
    )
