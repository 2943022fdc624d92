"""Before anything loads torch: the threads of the tests behave like those of the program."""

import os

from renderer.environment import DEFAULTS

os.environ.setdefault("OMP_WAIT_POLICY", DEFAULTS["OMP_WAIT_POLICY"])
