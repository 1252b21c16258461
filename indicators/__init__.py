"""What is measured: datasets, indicators, networks, instruments, and the language they are written in.

Pure: opens no database and knows no web. A definition comes in as YAML text, is checked, and goes out
as frozen objects and as SQL text for an engine to run.
"""
