from ._version import __version__ as __version__
from .config import BodyPartConfig as BodyPartConfig
from .config import FrameOnlyConfig as FrameOnlyConfig
from .config import JointOnlyConfig as JointOnlyConfig
from .config import MaskConfig as MaskConfig
from .config import MotionAwareConfig as MotionAwareConfig
from .config import SpatialTemporalConfig as SpatialTemporalConfig
from .config import TemporalBlocksConfig as TemporalBlocksConfig
from .config import TubeConfig as TubeConfig
from .counts import masked_count as masked_count
from .mask import Mask as Mask
from .motion import motion as motion
from .motion import motion_aware as motion_aware
from .noise import NoiseSource as NoiseSource
from .noise import clip_noise as clip_noise
from .noise import clip_seeds as clip_seeds
from .parts import body_part as body_part
from .presence import show_present as show_present
from .scaling import scaled as scaled
from .spans import temporal_blocks as temporal_blocks
from .spans import tube as tube
from .spatial_temporal import frame_only as frame_only
from .spatial_temporal import joint_only as joint_only
from .spatial_temporal import spatial_temporal as spatial_temporal

__all__ = [
    "BodyPartConfig",
    "FrameOnlyConfig",
    "JointOnlyConfig",
    "Mask",
    "MaskConfig",
    "MotionAwareConfig",
    "NoiseSource",
    "SpatialTemporalConfig",
    "TemporalBlocksConfig",
    "TubeConfig",
    "body_part",
    "clip_noise",
    "clip_seeds",
    "frame_only",
    "joint_only",
    "masked_count",
    "motion",
    "motion_aware",
    "scaled",
    "show_present",
    "spatial_temporal",
    "temporal_blocks",
    "tube",
]
