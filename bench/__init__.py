"""Speed as ratios within one run: `make bench`. Nothing here is a test; nothing in the tests is timed."""
