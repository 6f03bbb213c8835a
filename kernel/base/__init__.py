"""Settings, logs, metrics, ids, money, problems and JSON."""
