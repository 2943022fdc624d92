"""Generators and checkpoint files.

`load_generator` reads what people share without executing any of it; `save_generator`
writes our own format. A generator maps latents (`mapping`) and makes pictures (`synthesis`).
"""

from networks.checkpoint import load_generator
from networks.description import Description, describe_checkpoint
from networks.errors import CheckpointError
from networks.generator import Generator
from networks.native_file import save_generator
from networks.source import newest_snapshot, open_regular
from networks.stylegan2 import StyleGAN2
from networks.stylegan2_design import StyleGAN2Config
from networks.stylegan3 import StyleGAN3
from networks.stylegan3_design import StyleGAN3Config
from networks.untrained import untrained_generator

__all__ = [
    "CheckpointError",
    "Description",
    "Generator",
    "StyleGAN2",
    "StyleGAN2Config",
    "StyleGAN3",
    "StyleGAN3Config",
    "describe_checkpoint",
    "load_generator",
    "newest_snapshot",
    "open_regular",
    "save_generator",
    "untrained_generator",
]
