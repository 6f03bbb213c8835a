"""Settings, logs, identifiers, money and problems: no I/O."""
