"""A mail server that takes everything and keeps nothing, as fast as may be."""

import asyncio
import sys

ANSWERS = {
    b"EHLO": b"250-sink.example.com\r\n250-SIZE 50000000\r\n250 8BITMIME\r\n",
    b"DATA": b"354 Go on\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}
END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._came, self._in_data = transport, b"", False
        transport.write(b"220 sink.example.com ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer each command, and each mail at its end."""
        self._came += data
        while True:
            end = END if self._in_data else b"\r\n"
            at = self._came.find(end)
            if at < 0:
                return
            line, self._came = self._came[:at], self._came[at + len(end) :]
            command = line[:4].upper()
            self._transport.write(b"250 2.0.0 OK\r\n" if self._in_data else ANSWERS.get(command, b"250 2.0.0 OK\r\n"))
            self._in_data = not self._in_data and command == b"DATA"


async def main() -> None:
    """Listen on the port that is given."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
