"""Frozen facts to bytes: notices, receipts and statements, rendered to the same PDF every time."""
