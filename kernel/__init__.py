"""Kernel: code of several services. A folder imports those below it: time < base < store < messaging < http."""
