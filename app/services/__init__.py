"""Use cases: one function each, never calling one another, never committing."""
