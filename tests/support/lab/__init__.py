"""What the integration and e2e tests share: the agent under test, the kernel's own view, and sockets to look at.

Only the standard library of Debian's python3. Every wait is for a condition and has a deadline.
"""
