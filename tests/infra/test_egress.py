"""What may be reached from here, and that nothing else is: the list of OWASP ASVS 5 (1.3.6, 13.2.4, 15.3.2)."""

import ssl
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from pathlib import Path
from socketserver import BaseRequestHandler, TCPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from console.infra import clock, egress
from console.infra.egress import Failed, Guard, Refused
from tests.oncall.peers import HookServer

LOOPBACK = (ip_network("127.0.0.0/8"),)
NAME = "hooks.example.test"


def here(*addresses: str) -> Guard:
    """A guard whose DNS answers with these addresses, one list for each question."""
    return Guard(allowed=LOOPBACK, resolve=lambda _host, _port: addresses)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "0.0.0.0",  # noqa: S104 - nothing listens there
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "169.254.169.254",
        "[fe80::1]", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "100.100.100.200", "[fc00::1]",
        "[fd00:ec2::254]", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "2130706433",
        "0x7f000001", "0177.0.0.1", "017700000001", "localhost", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
        "168.63.129.16", "[fec0::1]", "[ff02::1]", "127.0.0.1.",
    ],
)  # fmt: skip
def test_what_is_not_public_is_refused(host: str) -> None:
    with pytest.raises(Refused):
        Guard().request("GET", f"http://{host}:8000/", seconds=2)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "gopher://example.com/_x", "ftp://example.com/", "dict://example.com:11211/stats",
        "http://user:secret@example.com/", "http://user@example.com/", "http://example.com:22/",
        "http://example.com:6379/", "http://example.com:5432/", "http://example.com:25/", "http://", "//example.com/",
        "http:///path", "http://example.com:99999/", "http://exa mple.com/", "http://example.com/\r\nX: y",
        "http://example.com\\@127.0.0.1/", "http://ex\u00e4mple.com/", "http://[::1", "javascript:alert(1)", "",
        "http://example.com/" + "a" * 2_000,
    ],
)  # fmt: skip
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        Guard(resolve=lambda _h, _p: ["93.184.216.34"]).request("GET", url)


def test_a_name_is_refused_when_any_of_its_addresses_is_private() -> None:
    with pytest.raises(Refused):
        Guard(resolve=lambda _h, _p: ["93.184.216.34", "10.0.0.8"]).vet(NAME, 443)


def test_public_addresses_pass() -> None:
    assert Guard(resolve=lambda _h, _p: ["93.184.216.34"]).vet(NAME, 443) == ["93.184.216.34"]
    assert Guard().may_reach(ip_address("2606:4700::1111"))


def test_a_network_is_opened_by_the_operator_and_no_further() -> None:
    guard = Guard(allowed=(ip_network("10.1.0.0/16"),))
    assert guard.may_reach(ip_address("10.1.2.3"))
    assert guard.may_reach(ip_address("::ffff:10.1.2.3"))
    assert not guard.may_reach(ip_address("10.2.0.1"))


def test_a_second_answer_of_the_dns_is_never_asked_for() -> None:
    """Rebinding: the first answer is allowed, the second would be a private address with somebody on it."""
    answers = iter([["127.0.0.1"], ["10.0.0.8"]])
    with HookServer() as hooks:
        guard = Guard(allowed=LOOPBACK, resolve=lambda _h, _p: next(answers))
        assert guard.request("POST", f"http://{NAME}:{hooks.server_port}/x", body=b"{}").status == 200
        assert hooks.hooks[0].headers["host"] == f"{NAME}:{hooks.server_port}"
    assert next(answers) == ["10.0.0.8"]


def test_redirects_are_not_followed() -> None:
    with HookServer() as hooks, HookServer() as metadata:
        hooks.status, hooks.headers = 302, {"Location": metadata.url}
        assert here("127.0.0.1").request("GET", hooks.url).status == 302
        assert metadata.hooks == []


def test_an_endless_answer_is_cut() -> None:
    with HookServer() as hooks:
        hooks.reply = b"x" * 70_000
        with pytest.raises(Failed, match="larger than 65,536 bytes"):
            here("127.0.0.1").request("GET", hooks.url)


def test_no_answer_ends_in_time_and_may_have_been_heard() -> None:
    with HookServer() as hooks:
        hooks.hang = 3
        began = time.monotonic()
        with pytest.raises(Failed) as failed:
            here("127.0.0.1").request("GET", hooks.url, seconds=0.4)
        assert failed.value.perhaps
        assert time.monotonic() - began < 2


class _Drip(BaseRequestHandler):
    """An answer that never ends, a byte at a time: each read succeeds, so that no time-out of a read helps."""

    def handle(self) -> None:
        self.request.recv(1_000)
        try:
            self.request.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            for _ in range(200):
                self.request.sendall(b"x")
                time.sleep(0.05)
        except OSError:
            return


def test_a_dripping_answer_ends_in_time() -> None:
    with TCPServer(("127.0.0.1", 0), _Drip) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(Failed, match="in time") as failed:
            here("127.0.0.1").request("GET", f"http://127.0.0.1:{server.server_address[1]}/", seconds=0.5)
        assert failed.value.perhaps
        assert time.monotonic() - began < 3


def test_a_closed_port_was_certainly_not_heard() -> None:
    with HookServer() as hooks:
        url = hooks.url
    with pytest.raises(Failed, match="refuses the connection") as failed:
        here("127.0.0.1").request("GET", url)
    assert not failed.value.perhaps


def test_an_unknown_name_is_told_as_such() -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(Failed, match="no address for"):
        Guard(resolve=unknown).request("GET", "http://nowhere.example.test/")
    Guard(resolve=unknown).check("http://nowhere.example.test/")


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    with HookServer() as hooks:
        both = (*LOOPBACK, ip_network("::1"))
        guard = Guard(allowed=both, resolve=lambda _h, _p: ["::1", "127.0.0.1"])
        assert guard.request("GET", f"http://{NAME}:{hooks.server_port}/").status == 200


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[tuple[int, ssl.SSLContext, list[str | None]]]:
    """An HTTPS server for NAME with a certificate of its own, which notes the names that clients ask for."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = clock.now()
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path / "both.pem"
    file.write_bytes(secret + certificate)
    asked: list[str | None] = []
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    serving.sni_callback = lambda _s, name, _c: asked.append(name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Quiet)
    server.socket = serving.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    trusting = ssl.create_default_context(cadata=certificate.decode())
    yield server.server_address[1], trusting, asked
    server.shutdown()
    server.server_close()


class _Quiet(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


def test_the_name_is_kept_for_tls(tls_server: tuple[int, ssl.SSLContext, list[str | None]]) -> None:
    port, trusting, asked = tls_server
    guard = Guard(allowed=LOOPBACK, resolve=lambda _h, _p: ["127.0.0.1"], tls=trusting)
    assert guard.request("GET", f"https://{NAME}:{port}/").status == 204
    assert asked == [NAME]


def test_a_certificate_for_another_name_or_of_nobody_is_refused(
    tls_server: tuple[int, ssl.SSLContext, list[str | None]],
) -> None:
    port, trusting, _ = tls_server
    other = Guard(allowed=LOOPBACK, resolve=lambda _h, _p: ["127.0.0.1"], tls=trusting)
    with pytest.raises(Failed, match="certificate is not valid"):
        other.request("GET", f"https://other.example.test:{port}/")
    with pytest.raises(Failed, match="certificate is not valid"):
        here("127.0.0.1").request("GET", f"https://{NAME}:{port}/")


def test_what_the_other_side_says_is_not_repeated() -> None:
    with TCPServer(("127.0.0.1", 0), _Odd) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(Failed) as failed:
            here("127.0.0.1").request("GET", f"http://127.0.0.1:{server.server_address[1]}/", seconds=2)
    assert "canary" not in str(failed.value)


class _Odd(BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(1_000)
        self.request.sendall(b"canary-secret-banner\r\n\r\n")


def test_resolving_takes_each_address_once() -> None:
    assert egress.resolve("127.0.0.1", 80) == ["127.0.0.1"]
