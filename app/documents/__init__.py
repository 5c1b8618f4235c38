"""Frozen facts in, bytes out: notices, receipts, statements and print files; nothing here reads a database."""
