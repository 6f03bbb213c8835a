"""Invariants of what the kernel stores, and the records that the invariants of every service use."""

from kernel.invariants import events, tenancy

ALWAYS = (*events.ALWAYS, *tenancy.ALWAYS)
WHEN_DUE = events.WHEN_DUE
WRITTEN_ONCE = events.WRITTEN_ONCE
