"""The outside world: files, messages, time stamps, password hashing."""
