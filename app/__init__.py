"""Qingqian: property-fee arrears, right to the fen, explained, and provable."""
