"""The `qudao` command: package, deploy, run locally, look."""
