"""One function per thing that is done: load, decide, write."""
