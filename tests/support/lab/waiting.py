"""Waiting for a condition, with a deadline."""

import os
import threading
import time

# Sanitizers and a busy machine are slow; what is broken is never fast.
PATIENCE = 60 if os.environ.get("TIDEWAIT_SANITIZE") else 20
_LOOK_AGAIN = 0.02


def until(condition, what, seconds=PATIENCE):
    """Calls condition until it returns something true, which it returns; AssertionError at the deadline."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() >= end:
            raise AssertionError(f"not within {seconds} s: {what}")
        pause.wait(_LOOK_AGAIN)
