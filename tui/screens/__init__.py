"""One screen a file, its style sheet beside it. Import a screen where it is opened: the first frame waits."""
