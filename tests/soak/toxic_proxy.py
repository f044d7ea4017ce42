"""A proxy on loopback that spoils connections in the seven well-known ways, a service at a time.

It passes bytes on as they are. What it spoils is chosen by the path of the call under way, so that
two interfaces of one host are two services. The seven are those of Toxiproxy.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from attrs import frozen

TOXICS = ("latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data")
BREAKING = frozenset({"timeout", "reset_peer", "limit_data"})
"""Those after which nobody may know what became of a call."""
DIRECTIONS = ("up", "down")
_LATENCY = 0.3
_BYTES_PER_SECOND = 8_000
_SLOW_CLOSE = 0.5
_SILENCE = 0.8
_LIMIT = 150
_SLICE = 64
_RESET = struct.pack("ii", 1, 0)


@frozen
class Toxic:
    """What goes wrong now.

    Args:
        kind: one of `TOXICS`.
        service: whose calls suffer, as the proxy's classifier names them.
        direction: up, of the request; down, of the answer.
    """

    kind: str
    service: str
    direction: str


class ToxicProxy:
    """Listens on loopback before one server; runs in a thread of its own.

    Args:
        port: of the server.
        service_of: names the service of a call by its path.
    """

    def __init__(self, port: int, service_of: Callable[[str], str]) -> None:
        self._target = port
        self._service_of = service_of
        self.toxic: Toxic | None = None
        self.acted: Counter[Toxic] = Counter()
        """How often each did something to a connection."""
        self.broken: Counter[str] = Counter()
        """How many calls of each service were cut off after something may have arrived."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self.port = 0

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def stop(self) -> None:
        """End all connections."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        assert self._server is not None
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The end of the proxy cuts off what is left.
        with suppress(asyncio.CancelledError, OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            call = _Call(self, writer, far_writer)
            ways = [
                asyncio.ensure_future(call.carry(reader, far_writer, "up")),
                asyncio.ensure_future(call.carry(far_reader, writer, "down")),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                if call.is_closing:
                    await asyncio.sleep(_SLOW_CLOSE)
                    call.note_broken()
            finally:
                for way in ways:
                    way.cancel()
                far_writer.close()
        writer.close()


class _Call:
    """One connection, and the service of the call that is under way on it."""

    def __init__(
        self, proxy: ToxicProxy, near: asyncio.StreamWriter, far: asyncio.StreamWriter
    ) -> None:
        self._proxy = proxy
        self._near = near
        self._far = far
        self._service = ""
        self._is_under_way = False
        self.is_closing = False

    def is_hit(self, kind: str, direction: str) -> bool:
        """Tell whether this goes wrong now, and count it."""
        toxic = self._proxy.toxic
        hit = toxic == Toxic(kind, self._service, direction)
        if hit and toxic is not None:
            self._proxy.acted[toxic] += 1
        return hit

    def note_broken(self) -> None:
        """Count the call that is under way as cut off."""
        self._proxy.broken[self._service] += self._is_under_way

    async def carry(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, direction: str
    ) -> None:
        """Pass bytes on, spoilt, until one side ends."""
        passed = 0
        with suppress(OSError):
            while data := await source.read(65_536):
                if direction == "up":
                    self._note_call(data)
                passed += len(data)
                if not await self._spoilt(data, sink, direction, passed):
                    return
                if direction == "down":
                    self._is_under_way = False
                if self.is_hit("slow_close", direction):
                    # Closed already, as it were; both sides learn it late.
                    self.is_closing = True
                    return

    def _note_call(self, data: bytes) -> None:
        method, _, rest = data[:300].partition(b" ")
        if method in {b"GET", b"POST", b"PUT", b"DELETE", b"HEAD"}:
            path = rest.partition(b" ")[0].decode("latin-1")
            self._service = self._proxy._service_of(path)
            self._is_under_way = True

    async def _spoilt(
        self, data: bytes, sink: asyncio.StreamWriter, direction: str, passed: int
    ) -> bool:
        """Pass one piece on as the toxic lets it; return whether the connection lives."""
        if self.is_hit("timeout", direction):
            await asyncio.sleep(_SILENCE)
            self._cut(reset=False)
            return False
        if self.is_hit("reset_peer", direction):
            if direction == "up":
                sink.write(data)
                await sink.drain()
            self._cut(reset=True)
            return False
        if passed > _LIMIT and self.is_hit("limit_data", direction):
            sink.write(data[: max(0, _LIMIT - passed + len(data))])
            await sink.drain()
            self._cut(reset=False)
            return False
        if self.is_hit("latency", direction):
            await asyncio.sleep(_LATENCY)
        if self.is_hit("bandwidth", direction):
            await asyncio.sleep(min(len(data) / _BYTES_PER_SECOND, 1.0))
        if self.is_hit("slicer", direction):
            for start in range(0, len(data), _SLICE):
                sink.write(data[start : start + _SLICE])
                await sink.drain()
                await asyncio.sleep(0.002)
            return True
        sink.write(data)
        await sink.drain()
        return True

    def _cut(self, *, reset: bool) -> None:
        self.note_broken()
        for writer in (self._near, self._far):
            found = writer.get_extra_info("socket")
            if reset and found is not None:
                with suppress(OSError):
                    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()
