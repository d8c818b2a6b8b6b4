"""The game's screens. Importing this package imports no Textual: `zcquest run` and `--version` must stay quick."""
