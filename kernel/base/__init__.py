"""Settings, logs, metrics, ids, codes, phone numbers, money, problems and JSON."""
