"""`python -m jntk_viz` is `jntk-viz`."""

import sys

from jntk_viz.cli import main

if __name__ == "__main__":
    sys.exit(main())
