"""Allocations that fail, in a program under test (tests/support/fail_malloc.c)."""

import mmap
import os
import struct
import tempfile
import unittest

_OBJECT = os.environ.get("FAIL_MALLOC_OBJECT")
_ORDERS = struct.Struct("=QQQQ")
_FIRST = struct.Struct("=QQ")
_FIRST_AT = 8


class Allocations:
    """What programs that are started with `env` allocate, one after the other: counted, and told to fail."""

    def __init__(self, case):
        if not _OBJECT:
            raise unittest.SkipTest("a sanitizer replaces the allocator that would have to fail")
        file = case.enterContext(tempfile.NamedTemporaryFile())
        file.truncate(_ORDERS.size)
        self._orders = mmap.mmap(file.fileno(), _ORDERS.size)
        case.addCleanup(self._orders.close)
        self.env = {"LD_PRELOAD": _OBJECT, "FAIL_MALLOC": file.name}

    def begin(self, only=0):
        """Before the next program: counts from 0; the allocation of this number fails, from 1."""
        _ORDERS.pack_into(self._orders, 0, 0, only, 0, 0)

    def fail_each(self, every):
        """From now on each so many-th fails."""
        _FIRST.pack_into(self._orders, _FIRST_AT, self.made + 1, every)

    def succeed(self):
        """From now on none fails."""
        _FIRST.pack_into(self._orders, _FIRST_AT, 0, 0)

    @property
    def made(self):
        """How many were asked for."""
        return _ORDERS.unpack_from(self._orders)[0]

    @property
    def failed(self):
        """How many of them failed."""
        return _ORDERS.unpack_from(self._orders)[3]
