"""The panels: one file each, listed in `visualizer.panels.registry`."""
