"""Pure rules: standard library only, no clock, no database, no Chinese."""
