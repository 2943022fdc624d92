"""The window: panels, viewport, history and the command line (never imports torch)."""
