"""Requests that went wrong in every way, always the same ones in the same order; and that the agent outlives them."""

import math
import os
import random
import re
import time

from lab.agent import Agent
from lab.clients import exchange, open_at, place_of, seconds_to_scrape
from lab.footprint import footprint
from lab.waiting import until

_HOST = b"Host: localhost\r\n"
_TLS_HELLO = bytes.fromhex("1603010200010001fc0303") + bytes(range(200))

# Each a request of its kind that is right, or wrong in one way.
SEEDS = (
    b"GET /metrics HTTP/1.1\r\n" + _HOST + b"Accept: application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1\r\n"
    b"Accept-Encoding: gzip;q=1.0, identity; q=0\r\n\r\n",
    b"GET /api/v1/ports/8080?protocol=tcp&address=%5B::1%5D&netns=self HTTP/1.1\r\n" + _HOST +
    b"If-None-Match: \"a\", W/\"b\"\r\n\r\n",
    b"GET /api/v1/report HTTP/1.1\r\n" + _HOST + b"Authorization: Basic dXNlcjpwYXNzd29yZA==\r\n\r\n",
    b"HEAD /api/v1/ports HTTP/1.1\r\nHost: [::1]:10098\r\n\r\n",
    b"GET /readyz HTTP/1.0\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\n" + _HOST + b"Cookie: a=b; c=\"d\"; e\r\nConnection: keep-alive, close\r\n\r\n",
    b"".join(b"GET /healthz?%d HTTP/1.1\r\n" % i + _HOST + b"\r\n" for i in range(20)),
    b"POST /metrics HTTP/1.1\r\n" + _HOST + b"Content-Length: 10\r\n\r\n0123456789GET / HTTP/1.1\r\n" + _HOST + b"\r\n",
    b"POST / HTTP/1.1\r\n" + _HOST + b"Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n",
    b"POST / HTTP/1.1\r\n" + _HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\nzzzz\r\n",
    b"POST / HTTP/1.1\r\n" + _HOST + b"Content-Length: 99999999999999999999999\r\nExpect: 100-continue\r\n\r\n",
    b"POST / HTTP/1.1\r\n" + _HOST + b"Content-Length: -1\r\nContent-Length: 1\r\n\r\n",
    b"GET /%00/%2e%2e/%zz HTTP/1.1\r\n" + _HOST + _HOST + b"\r\n",
    b"GET http://localhost/metrics HTTP/1.1\nHost : localhost\n folded: line\n\n",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\x00.evil.test\r\nUpgrade: h2c\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\n" + _HOST + b"Origin: http://evil.test\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
    _TLS_HELLO,
    bytes(range(256)) * 4,
)
# Long ones, and so seldom.
LONG_SEEDS = (
    b"GET /" + b"a" * 65536 + b" HTTP/1.1\r\n" + _HOST + b"\r\n",
    b"GET /healthz?" + b"&".join(b"a%d=%d" % (i, i) for i in range(500)) + b" HTTP/1.1\r\n" + _HOST + b"\r\n",
    b"GET /healthz HTTP/1.1\r\n" + _HOST + b"X: " + b"a" * 65536 + b"\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\n" + _HOST + b"X: y\r\n" * 2000 + b"\r\n",
    b"POST /metrics HTTP/1.1\r\n" + _HOST + b"Content-Length: 1048576\r\n\r\n" + bytes(1 << 20),
)
_ONE_IN = 500
_PIECES = (b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"%", b"%00", b"%ff", b"&", b"=", b"?", b"/", b"..", b"*", b",", b";q=",
           b'"', b"\x80", b"\xff\xfe", b"HTTP/1.1", b"HTTP/9.9", b"\r\n\r\n", b"Host: x\r\n", b"A" * 300, b"A: b\r\n" * 50, b"&a" * 400,
           b"18446744073709551616", b"-1", b"0")


def mutant(number):
    """Bytes that depend on the number alone."""
    chance = random.Random(number)
    request = bytearray(chance.choice(LONG_SEEDS if chance.randrange(_ONE_IN) == 0 else SEEDS))
    for _ in range(chance.randint(0, 6)):
        at = chance.randrange(len(request) + 1)
        to = min(len(request), at + chance.randint(0, 30))
        change = chance.randrange(7)
        if change == 0:
            request[at:at] = chance.choice(_PIECES)
        elif change == 1:
            del request[at:to]
        elif change == 2:
            request[at:at] = request[at:to] * chance.randint(1, 20)
        elif change == 3:
            request[at:to] = chance.randbytes(to - at)
        elif change == 4:
            request[at:] = chance.choice(SEEDS)[at:]
        elif change == 5:
            del request[at:]
        elif at < len(request):
            request[at] ^= 1 << chance.randrange(8)
    return bytes(request)


# What the agent, or libmicrohttpd for it, may say to a client that is wrong. Of 5xx only that of another version.
_REPLY = re.compile(rb"HTTP/1\.1 (100|200|304|400|401|403|404|405|411|413|414|417|431|505) ")
_ADDRESSES = 100
_WARM_UP = 2000
_GROWTH_KIB = 512
_SECONDS_TO_SCRAPE = 1.0
_LINES_A_MINUTE = 10


def check_outlived(test, count):
    """Sends so many to an agent; it answers as it does, holds no more than before, and says little of all that."""
    began = time.monotonic()
    with Agent("--interval=1s", "--watch=8080", "--log.level=debug", quick=False) as agent:
        lines = agent.log().count("\n")
        _send_all(test, agent, count)
        lines = agent.log().count("\n") - lines
        minutes = (time.monotonic() - began) / 60
    test.assertLessEqual(lines, _LINES_A_MINUTE * math.ceil(minutes))


def _send_all(test, agent, count):
    place = place_of(agent)
    answered = 0
    for number in range(count + _WARM_UP):
        if number == _WARM_UP:
            before = _held(test, agent)
        reply = exchange(place, mutant(number), f"127.0.3.{1 + number % _ADDRESSES}")
        if reply:
            test.assertRegex(reply, _REPLY, f"to mutant({number})")
            answered += 1
    test.assertGreater(answered, count // 2)
    after = _held(test, agent)
    print(f"{answered} of {count + _WARM_UP} answered; {before}, then {after}")
    test.assertEqual(after.descriptors, before.descriptors)
    if not os.environ.get("TIDEWAIT_SANITIZE"):
        # A sanitizer's own memory grows with everything that the process does.
        test.assertLess(after.anonymous - before.anonymous, _GROWTH_KIB)
    test.assertLess(seconds_to_scrape(place), _SECONDS_TO_SCRAPE)


def _held(test, agent):
    """Once the last connections are gone."""
    agent.hang_up()
    until(lambda: not open_at(place_of(agent)), "all connections are closed")
    test.assertIsNone(agent.process.poll())
    return footprint(agent)
