"""The background process, what it computes, and the headless commands."""
