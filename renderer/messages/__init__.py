"""What travels between the window and the renderer process: plain frozen values, no torch.

Equal requests give equal pictures: a request holds numbers, strings and tuples only.
Frames are newest-wins (`RenderFrame` → `RenderResult`); jobs are never dropped
(`StartJob`, `CancelJob` → `JobProgress`, `JobDone`).
"""

from renderer.messages.commands import (
    CancelJob,
    ReleaseSlot,
    RenderFrame,
    Shutdown,
    StartJob,
)
from renderer.messages.events import (
    FRAME_LOAD,
    Heartbeat,
    JobDone,
    JobProgress,
    RingOpened,
    WorkerReady,
)
from renderer.messages.jobs import (
    ContactSheet,
    Job,
    LoadModel,
    Outcome,
    Probe,
    ProbeRegion,
    Profile,
    Sheet,
    SpectrumProfile,
)
from renderer.messages.requests import (
    BUNDLED,
    BUNDLED_SOURCES,
    IDENTITY,
    UNTRAINED,
    DifferenceKind,
    DifferenceSpec,
    DisplaySpec,
    LatentSpec,
    Matrix,
    NoiseMode,
    RenderRequest,
    SpectrumSpec,
    SynthesisSpec,
    View,
)
from renderer.messages.results import (
    ErrorInfo,
    LayerInfo,
    ModelInfo,
    RenderResult,
    ResidentModel,
    Stats,
    Tile,
    TileRef,
)

__all__ = [
    "BUNDLED",
    "BUNDLED_SOURCES",
    "FRAME_LOAD",
    "IDENTITY",
    "UNTRAINED",
    "CancelJob",
    "ContactSheet",
    "DifferenceKind",
    "DifferenceSpec",
    "DisplaySpec",
    "ErrorInfo",
    "Heartbeat",
    "Job",
    "JobDone",
    "JobProgress",
    "LatentSpec",
    "LayerInfo",
    "LoadModel",
    "Matrix",
    "ModelInfo",
    "NoiseMode",
    "Outcome",
    "Probe",
    "ProbeRegion",
    "Profile",
    "ReleaseSlot",
    "RenderFrame",
    "RenderRequest",
    "RenderResult",
    "ResidentModel",
    "RingOpened",
    "Sheet",
    "Shutdown",
    "SpectrumProfile",
    "SpectrumSpec",
    "StartJob",
    "Stats",
    "SynthesisSpec",
    "Tile",
    "TileRef",
    "View",
    "WorkerReady",
]
