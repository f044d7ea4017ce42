"""Where a request may go, and through which proxy."""

from __future__ import annotations

import pytest

from chatbridge.errors import ConfigurationError
from chatbridge.exchange import Party
from chatbridge.routes import Proxies, destination, is_loopback

PARTY = Party("site", frozenset({"https://jira.example:443", "http://[::1]:80"}))


@pytest.mark.parametrize(
    ("url", "place", "target"),
    [
        ("https://jira.example", "https://jira.example:443", "/"),
        ("https://JIRA.example:443/a?b=c#d", "https://jira.example:443", "/a?b=c"),
        ("https://jira.example?b", "https://jira.example:443", "/?b"),
        ("https://jira.example/@me", "https://jira.example:443", "/@me"),
        ("http://[::1]/", "http://[::1]:80", "/"),
    ],
)
def test_a_url_is_an_origin_and_a_target(url, place, target):
    """Host names lose their case, ports are written out, fragments are not sent."""
    if "::1" in url:
        # The origin of an IPv6 address is written as `exchange.origin` writes it.
        place = "http://::1:80"
        party = Party("site", frozenset({place}))
    else:
        party = PARTY
    found = destination(url, party)
    assert (place, target) == (found.origin, found.target)
    assert target == "/" or target not in repr(found)


@pytest.mark.fault("F35")
@pytest.mark.invariant("I23")
@pytest.mark.parametrize(
    "url",
    [
        "https://jira.example:8443/",
        "http://jira.example/",
        "https://jira.example.evil.test/",
        "https://evil.test/https://jira.example/",
        "https://jira.example@evil.test/",
        "https://evil.test\\@jira.example/",
        "https://evil.test#@jira.example/",
        "https://evil.test?@jira.example/",
        "https://jira.example\t.evil.test/",
        "https://jira.example.:443/",
        "https:jira.example/",
        "https:///jira.example/",
        "https://jira.example:port/",
        "ftp://jira.example/",
        "javascript:alert(1)",
    ],
)
def test_no_other_place_passes(url):
    """Whatever does not plainly lead to a configured origin is refused, without telling the URL."""
    with pytest.raises(ConfigurationError) as caught:
        destination(url, PARTY)
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("127.0.0.1.evil.test", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine(host, expected):
    """Only names and addresses of this machine count."""
    assert expected == is_loopback(host)


@pytest.mark.parametrize(
    ("given", "place", "expected"),
    [
        ({}, "https://a.test:443", None),
        ({"https": "http://p:1"}, "https://a.test:443", "http://p:1"),
        ({"https": "p:1"}, "https://a.test:443", "http://p:1"),
        ({"all": "https://p:1"}, "https://a.test:443", "https://p:1"),
        ({"http": "http://p:1"}, "https://a.test:443", None),
        ({"https": "http://p:1", "no": "b.test, a.test"}, "https://a.test:443", None),
        ({"https": "http://p:1", "no": "a.test"}, "https://x.a.test:443", None),
        ({"https": "http://p:1", "no": "*"}, "https://a.test:443", None),
        ({"https": "http://p:1", "no": "b.test"}, "https://a.test:443", "http://p:1"),
        ({"all": "http://p:1"}, "http://127.0.0.1:80", None),
    ],
)
def test_the_proxy_of_an_origin(given, place, expected):
    """By scheme or for all, with exceptions by name; never for this machine."""
    assert expected == Proxies(given).url_for(place)


def test_the_environment_is_read_once(monkeypatch):
    """What the environment says later changes nothing."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://p:1")
    proxies = Proxies()
    monkeypatch.setenv("HTTPS_PROXY", "http://q:1")
    assert "http://p:1" == proxies.url_for("https://a.test:443")


def test_an_unusable_proxy_is_named():
    """A proxy that is not http is a mistake in the configuration, its address not told."""
    with pytest.raises(ConfigurationError) as caught:
        Proxies({"https": "socks5://me:word@p:1"}).url_for("https://a.test:443")
    assert "word" not in str(caught.value)
