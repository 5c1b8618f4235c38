"""The outside world: files, keys, messages."""
