"""How the simulated Bot API reads multipart forms: as the real server, its habits included.

A part is a file only if its header says `filename=`; the header is cut at every semicolon, even
inside quotes, and nothing in it is unescaped (https://github.com/tdlib/td, HttpReader).
"""

from __future__ import annotations

import re

from attrs import field, frozen

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)
_MOST_FILES = 50


@frozen
class UploadedFile:
    """A file as a form brought it.

    Args:
        name: as the server understood it.
        media_type: what the part said, empty where nothing.
        data: its bytes.
    """

    name: str
    media_type: str
    data: bytes = field(repr=False)


@frozen
class Form:
    """The parts of one form by name; the last of equals wins.

    Args:
        texts: parameters.
        files: uploads.
    """

    texts: dict[str, str] = field(factory=dict)
    files: dict[str, UploadedFile] = field(factory=dict)


def read_form(content_type: str, body: bytes) -> Form:
    """Return what a body of the type multipart/form-data holds; what is no part is ignored.

    Args:
        content_type: the header, boundary included.
        body: all of it.
    """
    form, found = Form(), _BOUNDARY.search(content_type)
    if found is None:
        return form
    boundary = b"\r\n--" + (found[1] or found[2]).encode()
    for piece in (b"\r\n" + body).split(boundary)[1:]:
        head, separator, value = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if piece.startswith(b"--") or not separator:
            continue
        members = _members(head.decode("utf-8", "replace"))
        name = members.get("name")
        if name is None:
            continue
        if "filename" not in members:
            form.texts[name] = value.decode("utf-8", "replace")
        elif len(form.files) < _MOST_FILES:
            media_type = members.get("content-type", "")
            form.files[name] = UploadedFile(members["filename"], media_type, value)
    return form


def _members(head: str) -> dict[str, str]:
    """Return the parameters of a part's Content-Disposition, and its Content-Type."""
    members: dict[str, str] = {}
    for line in head.split("\r\n"):
        field_name, _, value = line.partition(":")
        if field_name.strip().lower() == "content-disposition":
            for item in value.split(";")[1:]:
                name, _, text = item.partition("=")
                members[name.strip().lower()] = text.strip().strip('"')
        elif field_name.strip().lower() == "content-type":
            members["content-type"] = value.strip()
    return members
