"""The bundled web server logs no path that it was called on: addresses of webhooks are secret."""

from __future__ import annotations

import logging
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from chatbridge.web.serving import WebServer

PATH = "/webhooks/telegram/9f2c41d7"


@pytest.mark.fault("F80", "F81")
def test_a_failing_call_is_logged_without_its_path(caplog):
    """What failed is in the log; the path, and what the error says, are not."""
    caplog.set_level(logging.DEBUG)

    def fail(environ, start_response):
        raise ValueError(f"a quokka in {environ['PATH_INFO']}")

    server = WebServer(fail, "127.0.0.1", 0, threads=1)
    server.start()
    try:
        with pytest.raises(HTTPError) as caught:
            urlopen(server.url + PATH, timeout=20)
        caught.value.close()
    finally:
        assert server.stop(5.0)
    told = [record for record in caplog.records if record.name == "waitress"]
    assert ["Exception while serving /…"] == [record.getMessage() for record in told]
    assert "9f2c41d7" not in caplog.text and "quokka" not in caplog.text
