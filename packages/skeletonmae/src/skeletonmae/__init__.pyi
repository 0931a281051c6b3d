from .config import DecoderConfig as DecoderConfig
from .config import SkeletonMAEConfig as SkeletonMAEConfig
from .config import TargetConfig as TargetConfig
from .decoder import Decoder as Decoder
from .losses import reconstruction_loss as reconstruction_loss
from .model import Reconstruction as Reconstruction
from .model import SkeletonMAE as SkeletonMAE
from .model import SkeletonMAEOutput as SkeletonMAEOutput
from .targets import joint_motion as joint_motion
from .targets import standardise as standardise

__all__ = [
    "Decoder",
    "DecoderConfig",
    "Reconstruction",
    "SkeletonMAE",
    "SkeletonMAEConfig",
    "SkeletonMAEOutput",
    "TargetConfig",
    "joint_motion",
    "reconstruction_loss",
    "standardise",
]
