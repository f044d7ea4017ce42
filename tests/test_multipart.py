"""Forms: what their bytes are, whatever names and values people choose."""

from __future__ import annotations

import contextlib
from email.parser import BytesParser
from email.policy import HTTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbridge.content import Content
from chatbridge.http_types import FormPart
from chatbridge.multipart import multipart


def source(media_type: str = "image/png") -> Content:
    """Return a stream that must not be opened here."""

    @contextlib.contextmanager
    def unopened():
        raise AssertionError("opened while it was only described")
        yield

    return Content(3, unopened, media_type)


def parse(kind: str, body: bytes) -> list[tuple[str, str | None, bytes]]:
    """Read a form with a parser that others wrote."""
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP.clone(utf8=True)).parsebytes(head + body)
    return [
        (
            part.get_param("name", header="Content-Disposition"),
            part.get_filename(),
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    ]


def test_streams_stay_segments_of_their_own():
    """A stream is passed on unopened between the bytes around it."""
    stream = source()
    kind, segments = multipart((FormPart("a", "1"), FormPart("f", stream, "n.png")), "B")
    assert "multipart/form-data; boundary=B" == kind
    before = (
        b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        b'--B\r\nContent-Disposition: form-data; name="f"; filename="n.png"\r\n'
        b"Content-Type: image/png\r\n\r\n"
    )
    assert (before, stream, b"\r\n--B--\r\n") == segments


def test_an_empty_form_is_closed():
    """A form without parts is its end."""
    assert (b"--B--\r\n",) == multipart((), "B")[1]


def test_boundaries_cannot_be_foreseen():
    """Two forms have different boundaries, long enough that no content holds one by chance."""
    first, second = multipart((), None)[0], multipart((), None)[0]
    assert first != second
    assert len(first) >= len("multipart/form-data; boundary=") + 32


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (FormPart("f", b"", "я.txt"), 'filename="я.txt"'),
        (FormPart("f", b"", 'a"b'), 'filename="a%22b"'),
        (FormPart("f", b"", "a\r\nX-Bad: 1"), 'filename="aX-Bad: 1"'),
        (FormPart("f", b"", ""), 'filename=""'),
        (FormPart("f", b"", "a\ud800b"), 'filename="a?b"'),
        (FormPart('n"\n', b""), 'name="n%22"\r\n'),
        (FormPart("f", b"", "a", "image/png\r\nX-Bad: 1"), "octet-stream\r\n\r\n"),
        (FormPart("f", b"", "a", "imagé/png"), "octet-stream\r\n\r\n"),
        (FormPart("f", b"", "a"), "Content-Type: application/octet-stream\r\n\r\n"),
        (FormPart("f", "text\ud83d"), "\r\n\r\ntext?\r\n"),
    ],
)
def test_no_value_breaks_the_form(part, expected):
    """Names, file names and types cannot add a line, and are what browsers would write."""
    (body,) = multipart((part,), "B")[1]
    assert expected in body.decode()
    assert "\r\nX-Bad" not in body.decode()


def test_a_text_has_no_type_of_its_own():
    """Plain fields carry no Content-Type."""
    (body,) = multipart((FormPart("a", "1"),), "B")[1]
    assert b"Content-Type" not in body


@given(
    st.lists(
        st.tuples(
            st.text("abcäя ;=", min_size=1).filter(str.strip),
            st.none() | st.text("abя.;=' ", min_size=1).filter(str.strip),
            st.binary(),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_another_parser_reads_the_same(parts):
    """What was put in comes out of a parser of others, bytes and order kept."""
    kind, segments = multipart(tuple(FormPart(name, value, file) for name, file, value in parts))
    read = parse(kind, b"".join(segments))
    assert [value for _, _, value in parts] == [value for _, _, value in read]
    assert len(parts) == len(read)
