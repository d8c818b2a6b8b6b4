"""`python -m zcquest`: the same as the `zcquest` command."""

from zcquest.cli import main

if __name__ == "__main__":
    main()
