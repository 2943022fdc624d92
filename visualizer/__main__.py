"""`python -m visualizer` is `loupe`."""

from visualizer.cli import main

if __name__ == "__main__":
    main()
