"""Reading a platform's JSON: the promised kinds are returned, all else is one clear error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chatbridge import payloads
from chatbridge.errors import WebhookPayloadError

LARGEST = 2**64 - 1
SECRET = "what somebody wrote"

Reader = Callable[[dict[str, Any], str], object]


@pytest.mark.parametrize("value", [0, -1, 2**53 + 1, 2**63, LARGEST, -LARGEST])
@pytest.mark.parametrize("read", [payloads.integer_at, payloads.optional_integer])
def test_whole_numbers_of_64_bits_are_read_exactly(read: Reader, value: int) -> None:
    """Every whole number of up to 64 bits is returned as it is, not rounded."""
    assert value == read({"id": value}, "id")


@pytest.mark.parametrize("value", [2**64, -(2**64), 10**400, 1.0, "1", True, [1]])
@pytest.mark.parametrize("read", [payloads.integer_at, payloads.optional_integer])
def test_other_than_whole_numbers_of_64_bits_are_refused(read: Reader, value: Any) -> None:
    """What is larger, quoted, broken or no number is refused, and the error says what is wanted."""
    with pytest.raises(WebhookPayloadError, match="id is not a whole number of at most 64 bits"):
        read({"id": value}, "id")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0, "0"),
        ("0", "0"),
        (5741311803571721087, "5741311803571721087"),
        ("5741311803571721087", "5741311803571721087"),
        (LARGEST, str(LARGEST)),
        (str(LARGEST), str(LARGEST)),
        ("-7", "-7"),
        ("007", "7"),
    ],
)
def test_a_number_reads_the_same_plain_and_quoted(value: Any, text: str) -> None:
    """A number's text does not depend on whether the platform quoted it; absent is empty."""
    assert text == payloads.number_text_at({"token": value}, "token")


@pytest.mark.parametrize(
    "value",
    [
        2**64,
        str(2**64),
        "9" * 21,
        "9" * 5000,
        "",
        "-",
        "1.0",
        " 1",
        "1\n",
        "٣",
        "0x1",
        True,
        1.0,
        [],
    ],
)
def test_what_is_no_number_of_64_bits_is_no_number_text(value: Any) -> None:
    """Plain and quoted numbers have the same bounds, and digits are those of ASCII."""
    with pytest.raises(WebhookPayloadError, match="token is not a whole number"):
        payloads.number_text_at({"token": value}, "token")


@pytest.mark.parametrize(
    ("source", "size"),
    [
        ({"size": 0}, 0),
        ({"size": LARGEST}, LARGEST),
        ({"size": 5, "file_size": 3}, 3),
        ({"size": 5, "file_size": "3"}, 5),
        ({"size": -1}, None),
        ({"size": 2**64}, None),
        ({"size": "5"}, None),
        ({"size": True}, None),
        ({"size": 1.5}, None),
        ({}, None),
    ],
)
def test_a_size_that_is_none_is_unknown(source: dict[str, Any], size: int | None) -> None:
    """The first member that is a number of bytes counts; a wrong claim costs nobody a message."""
    assert size == payloads.size_at(source, "file_size", "size")


@pytest.mark.parametrize(("value", "number"), [(0, 0.0), (-1.5, -1.5), (2**63, 2.0**63)])
def test_finite_numbers_are_read(value: float, number: float) -> None:
    """A finite number is returned as a float."""
    assert number == payloads.number_at({"lat": value}, "lat")


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), float("-inf"), 2**64, -(2.0**64), 10**400]
)
def test_numbers_out_of_range_are_refused(value: float) -> None:
    """What is infinite, not a number, or too large for the platform is refused."""
    with pytest.raises(WebhookPayloadError, match="lat is out of range"):
        payloads.number_at({"lat": value}, "lat")


@pytest.mark.parametrize("value", ["1", True, None, []])
def test_other_things_are_no_numbers(value: Any) -> None:
    """A text, a flag or nothing is no number."""
    with pytest.raises(WebhookPayloadError, match="lat is not a number"):
        payloads.number_at({"lat": value}, "lat")


@pytest.mark.parametrize(
    ("read", "absent"),
    [
        (payloads.list_at, []),
        (payloads.text_at, ""),
        (payloads.number_text_at, ""),
        (payloads.optional_integer, None),
        (payloads.optional_object, None),
        (payloads.flag_at, False),
    ],
)
@pytest.mark.parametrize("source", [{}, {"member": None}])
def test_absent_and_null_are_the_same(read: Reader, absent: Any, source: dict[str, Any]) -> None:
    """A member that need not be there is read alike where it is absent and where it is null."""
    assert absent == read(source, "member")


@pytest.mark.parametrize("read", [payloads.identity_at, payloads.integer_at, payloads.object_at])
@pytest.mark.parametrize("source", [{}, {"member": None}, {"member": ""}])
def test_what_must_be_there_must_be_there(read: Reader, source: dict[str, Any]) -> None:
    """A member without which nothing makes sense is asked for by its name."""
    with pytest.raises(WebhookPayloadError, match="member is not"):
        read(source, "member")


@pytest.mark.parametrize(
    "read",
    [
        payloads.integer_at,
        payloads.list_at,
        payloads.number_at,
        payloads.number_text_at,
        payloads.object_at,
        payloads.optional_object,
    ],
)
def test_an_error_says_the_name_and_nothing_that_was_read(read: Reader) -> None:
    """The text of an error holds the member's name, and none of the content (I10)."""
    with pytest.raises(WebhookPayloadError) as caught:
        read({"member": SECRET}, "member")
    assert (True, False) == ("member" in str(caught.value), SECRET in str(caught.value))


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "a\udc00b"])
def test_what_no_storage_takes_is_replaced_in_place(text: str) -> None:
    """A NUL or a lone surrogate becomes U+FFFD, so lengths in UTF-16 units stay what they were."""
    assert "a\ufffdb" == payloads.text_at({"text": text}, "text")


def test_pairs_of_surrogates_are_joined() -> None:
    """Two halves that stand together are the character that they mean."""
    assert "😀" == payloads.readable("\ud83d\ude00")
