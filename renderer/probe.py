"""Raw values of a region of the shown layer, for the pixel readout and the magnifier."""

from __future__ import annotations

from renderer.messages import Probe, ProbeRegion
from renderer.stages import Stages


def probe_region(job: ProbeRegion, stages: Stages) -> Probe:
    """The values of the part of the rectangle that lies inside the layer."""
    activation = stages.activation()
    first, count = (0, len(activation)) if job.all_channels else stages.shown_channels()
    y0, y1 = _cut(job.y0, job.height, activation.shape[1])
    x0, x1 = _cut(job.x0, job.width, activation.shape[2])
    values = activation[first : first + count, y0:y1, x0:x1].float().cpu().contiguous()
    return Probe(
        view=job.view,
        layer=stages.layer(),
        y0=y0,
        x0=x0,
        height=y1 - y0,
        width=x1 - x0,
        base_channel=first,
        num_channels=count,
        values=values.numpy().astype("<f4", copy=False).tobytes(),
        synthesis_runs=stages.work.synthesis_runs,
    )


def _cut(begin: int, length: int, size: int) -> tuple[int, int]:
    """[begin, begin + length) within [0, size); empty where they do not meet."""
    low = min(max(begin, 0), size)
    return low, min(max(begin + length, low), size)
