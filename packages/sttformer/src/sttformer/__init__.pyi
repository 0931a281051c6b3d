from ._version import __version__ as __version__
from .block import STTFormerBlock as STTFormerBlock
from .bodies import distinct_bodies as distinct_bodies
from .classifier import PooledClassifier as PooledClassifier
from .config import Pool as Pool
from .config import STTFormerConfig as STTFormerConfig
from .folded import FoldedSTTFormer as FoldedSTTFormer
from .grid import DenseGrid as DenseGrid
from .grid import TokenGrid as TokenGrid
from .joint_subset import JointSubset as JointSubset
from .mistakes import config_mistake as config_mistake
from .model import STTFormer as STTFormer
from .model import init_weights as init_weights
from .norm import TokenBatchNorm as TokenBatchNorm
from .official import from_official as from_official
from .official import load_official as load_official
from .official import official_config as official_config
from .official import read_official as read_official
from .official import to_official as to_official
from .positions import sinusoidal_positions as sinusoidal_positions
from .sizes import SIZES as SIZES
from .sizes import create as create
from .tracing import is_transformed as is_transformed
from .visible_grid import VisibleGrid as VisibleGrid
from .weights import PretrainedMixin as PretrainedMixin
from .weights import build_with_weights as build_with_weights
from .weights import load_weights as load_weights
from .weights import read_weights as read_weights

__all__ = [
    "SIZES",
    "DenseGrid",
    "FoldedSTTFormer",
    "JointSubset",
    "Pool",
    "PooledClassifier",
    "PretrainedMixin",
    "STTFormer",
    "STTFormerBlock",
    "STTFormerConfig",
    "TokenBatchNorm",
    "TokenGrid",
    "VisibleGrid",
    "build_with_weights",
    "config_mistake",
    "create",
    "distinct_bodies",
    "from_official",
    "init_weights",
    "is_transformed",
    "load_official",
    "load_weights",
    "official_config",
    "read_official",
    "read_weights",
    "sinusoidal_positions",
    "to_official",
]
