"""Workbook bytes to rows and back: guarded reading, header synonyms, cell cleaning, error workbooks, exports."""
