"""What is said of something else than Redis, whichever of redis-py's parsers read its answer."""

import socket
import threading

import pytest
import redis
from redis._parsers import _HiredisParser, _RESP2Parser
from redis.connection import Connection

from console.infra.brokers.words import WEB, told

HTTP_1 = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
# What Python's own server says to a request line that it does not understand.
HTTP_0 = b"<!DOCTYPE HTML>\r\n<html lang='en'>\r\n"


def error_of(banner: bytes, parser: type) -> redis.RedisError:
    """What redis-py raises when `banner` is the answer to its greeting."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(1_000)
                peer.sendall(banner)
                # Until the other side has read it and gone.
                peer.recv(1_000)

        thread = threading.Thread(target=answer)
        thread.start()
        connection = Connection(  # type: ignore[no-untyped-call]
            port=server.getsockname()[1], parser_class=parser, socket_timeout=30, protocol=2
        )
        try:
            with pytest.raises(redis.RedisError) as caught:
                connection.connect()  # type: ignore[no-untyped-call]
        finally:
            connection.disconnect()  # type: ignore[no-untyped-call]
            thread.join()
    return caught.value


@pytest.mark.parametrize("parser", [_RESP2Parser, _HiredisParser])
@pytest.mark.parametrize("banner", [HTTP_1, HTTP_0])
def test_a_web_server_is_told_by_either_parser(banner: bytes, parser: type) -> None:
    assert told(error_of(banner, parser)) == WEB


@pytest.mark.parametrize("parser", [_RESP2Parser, _HiredisParser])
def test_what_greets_otherwise_is_no_web_server(parser: type) -> None:
    assert told(error_of(b"SSH-2.0-OpenSSH_9.7\r\n", parser)) == "Something else than Redis answers there."
