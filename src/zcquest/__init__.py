"""zcquest: move a real message log from disk to a real consumer, and count what it costs."""

__version__ = "0.1.0"
