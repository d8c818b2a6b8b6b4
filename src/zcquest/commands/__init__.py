"""What the commands of `zcquest.cli` do, one file each, and how they print, stop and refuse."""
