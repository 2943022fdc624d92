"""Helpers beside the networks' tests can be imported by name."""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
torch.set_num_threads(1)  # these pictures are small: threads would only wait for each other
