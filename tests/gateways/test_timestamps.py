"""Timestamps asked for over HTTP from a responder that answers like a real one, and all the ways it may not."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from asn1crypto import tsp

from app.domain.errors import Refusal
from app.gateways import certificates, timestamps
from app.gateways.certificates import DEMO_POLICY, SelfMade
from app.gateways.timestamps import LocalTimestamps, RemoteTimestamps

NOW = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)
DIGEST = hashlib.sha256(b"root").digest()
Answer = Callable[[bytes], tuple[int, bytes]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SelfMade:
    return SelfMade(tmp_path_factory.mktemp("keys") / "certificates", lambda: NOW)


@pytest.fixture(scope="module")
def local(made: SelfMade) -> LocalTimestamps:
    return LocalTimestamps(made, lambda: NOW)


class Responder:
    """An authority on this machine; ``answer`` is what it says, ``asked`` what it was sent."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[tuple[dict[str, str], bytes]] = []
        responder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                responder.asked.append((dict(self.headers), body))
                status, content = answer(body)
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/tsa"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def serving() -> Iterator[Callable[[Answer], Responder]]:
    opened: list[Responder] = []

    def open_one(answer: Answer) -> Responder:
        opened.append(Responder(answer))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def test_an_authority_stamps_a_digest_and_gets_nothing_else(
    local: LocalTimestamps, made: SelfMade, serving: Callable[[Answer], Responder]
) -> None:
    responder = serving(lambda body: (200, local.respond(body)))
    token = RemoteTimestamps((responder.url,)).stamp(DIGEST)
    assert timestamps.check(token, DIGEST, trusted=[made.root()]) == ()
    facts = timestamps.read(token)
    assert (facts.gen_at, facts.policy, facts.imprint, facts.is_demo) == (NOW, DEMO_POLICY, DIGEST.hex(), True)
    assert "不具法律效力" in facts.authority
    ((headers, body),) = responder.asked
    assert headers["User-Agent"] == "qingqian"
    asked = tsp.TimeStampReq.load(body, strict=True)
    assert asked["message_imprint"]["hashed_message"].native == DIGEST
    assert [asked[name].native for name in ("req_policy", "extensions")] == [None, None]


def test_authorities_are_tried_in_turn(local: LocalTimestamps, serving: Callable[[Answer], Responder]) -> None:
    broken, good = serving(lambda _: (503, b"")), serving(lambda body: (200, local.respond(body)))
    token = RemoteTimestamps(("http://127.0.0.1:1/", "ftp://example.invalid/", broken.url, good.url)).stamp(DIGEST)
    assert timestamps.read(token).imprint == DIGEST.hex()
    assert (len(broken.asked), len(good.asked)) == (1, 1)


def other(local: LocalTimestamps) -> bytes:
    """Return an answer to a request that is not ours."""
    return local.respond(timestamps.request_for(hashlib.sha256(b"other").digest())[0])


@pytest.mark.parametrize(
    "answer",
    [
        lambda _local, _body: (200, b""),
        lambda _local, _body: (200, b"<html>busy</html>"),
        lambda _local, _body: (302, b""),
        lambda _local, _body: (200, b"\x30" * 100_000),
        lambda local, _body: (200, local.respond(b"no request")),
        lambda local, _body: (200, other(local)),
        lambda local, body: (200, local.respond(body)[:-9]),
        lambda local, body: (200, local.respond(body)[:-9] + bytes(9)),
    ],
    ids=["nothing", "a page", "elsewhere", "too much", "a refusal", "another's", "cut off", "a bad signature"],
)
def test_what_is_no_token_is_not_taken_for_one(
    answer: Callable[[LocalTimestamps, bytes], tuple[int, bytes]],
    local: LocalTimestamps,
    serving: Callable[[Answer], Responder],
) -> None:
    responder = serving(lambda body: answer(local, body))
    with pytest.raises(Refusal) as caught:
        RemoteTimestamps((responder.url,), timeout_seconds=5).stamp(DIGEST)
    assert caught.value.code == "timestamp.unavailable"
    assert "127.0.0.1" in str(caught.value.facts["why"])
    assert len(responder.asked) == 1


def test_openssl_takes_the_token_too(local: LocalTimestamps, made: SelfMade, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not on this machine")
    for name, content in (("token", local.stamp(DIGEST)), ("root.pem", certificates.pem_of(made.root()))):
        (tmp_path / name).write_bytes(content)
    command = [openssl, "ts", "-verify", "-digest", DIGEST.hex(), "-in", "token", "-token_in", "-CAfile", "root.pem"]
    command += ["-attime", str(int(NOW.timestamp()) + 60)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout, done.stderr


def test_a_token_holds_for_its_digest_and_its_root_only(local: LocalTimestamps, made: SelfMade) -> None:
    token = local.stamp(DIGEST)
    assert timestamps.check(token, hashlib.sha256(b"x").digest()) == ("timestamp.imprint_differs",)
    assert timestamps.check(token, DIGEST, trusted=[made.company().certificate]) == ("timestamp.not_trusted",)
    assert timestamps.check(b"", DIGEST) == timestamps.check(token[:-1], DIGEST) == ("timestamp.invalid",)
    # what is stamped lies in the first part of a token; every byte of it counts
    start = token.index(DIGEST)
    for place in range(start, start + 100, 7):
        changed = token[:place] + bytes([token[place] ^ 1]) + token[place + 1 :]
        assert timestamps.check(changed, DIGEST, trusted=[made.root()])


def test_keys_are_made_once_and_only_their_owner_reads_them(made: SelfMade) -> None:
    assert made.company() is made.company()
    assert made.company().signer.is_demo
    again = SelfMade(made.folder, lambda: NOW + dt.timedelta(days=9))
    assert again.company().certificate.sha256 == made.company().certificate.sha256
    assert (made.folder / "company.p12").stat().st_mode & 0o077 == 0
    assert made.folder.stat().st_mode & 0o077 == 0


def test_a_key_file_that_does_not_open_is_a_sentence(tmp_path: Path, made: SelfMade) -> None:
    bad = tmp_path / "bad.p12"
    bad.write_bytes(b"no key")
    for path, password in ((tmp_path / "none.p12", ""), (bad, ""), (made.folder / "company.p12", "wrong")):
        with pytest.raises(Refusal, match=r"seal\.key_unreadable"):
            certificates.load(path, password)
    with pytest.raises(Refusal, match=r"seal\.roots_unreadable"):
        certificates.roots(bad)
