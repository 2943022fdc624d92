"""Procedural portraits: a picture source that is exact, smooth in its latent and antialiased."""

from networks.portraits.grain import waves
from networks.portraits.hints import pose_of, traits_of
from networks.portraits.scene import draw, draw_at
from networks.portraits.traits import Z_DIM, seeds_to_z

__all__ = ["Z_DIM", "draw", "draw_at", "pose_of", "seeds_to_z", "traits_of", "waves"]
