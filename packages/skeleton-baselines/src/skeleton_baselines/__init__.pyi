from ._version import __version__ as __version__
from .augment.config import ExtremeAugmentationConfig as ExtremeAugmentationConfig
from .augment.config import NormalAugmentationConfig as NormalAugmentationConfig
from .augment.energy_drop import energy_drop as energy_drop
from .augment.extreme import ExtremeAugmentation as ExtremeAugmentation
from .augment.noise import NoiseSource as NoiseSource
from .augment.normal import NormalAugmentation as NormalAugmentation
from .config import STGCNConfig as STGCNConfig
from .contrast.aimclr import AimCLR as AimCLR
from .contrast.config import AimCLRConfig as AimCLRConfig
from .contrast.config import CrosSCLRConfig as CrosSCLRConfig
from .contrast.config import MethodConfig as MethodConfig
from .contrast.config import MoCoConfig as MoCoConfig
from .contrast.crossclr import CrosSCLR as CrosSCLR
from .contrast.moco import MoCo as MoCo
from .contrast.moco import ProjectionHead as ProjectionHead
from .contrast.output import ContrastOutput as ContrastOutput
from .contrast.queue import KeyQueue as KeyQueue
from .contrast.views import view_of as view_of
from .graph import spatial_graph as spatial_graph
from .losses.aimclr import AimCLRLosses as AimCLRLosses
from .losses.aimclr import aimclr as aimclr
from .losses.crossclr import View as View
from .losses.crossclr import cross_view as cross_view
from .losses.crossclr import crossclr as crossclr
from .losses.info_nce import info_nce as info_nce
from .official import from_official as from_official
from .official import to_official as to_official
from .stgcn import STGCN as STGCN

__all__ = [
    "STGCN",
    "AimCLR",
    "AimCLRConfig",
    "AimCLRLosses",
    "ContrastOutput",
    "CrosSCLR",
    "CrosSCLRConfig",
    "ExtremeAugmentation",
    "ExtremeAugmentationConfig",
    "KeyQueue",
    "MethodConfig",
    "MoCo",
    "MoCoConfig",
    "NoiseSource",
    "NormalAugmentation",
    "NormalAugmentationConfig",
    "ProjectionHead",
    "STGCNConfig",
    "View",
    "aimclr",
    "cross_view",
    "crossclr",
    "energy_drop",
    "from_official",
    "info_nce",
    "spatial_graph",
    "to_official",
    "view_of",
]
