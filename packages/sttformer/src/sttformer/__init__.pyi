from .block import STTFormerBlock as STTFormerBlock
from .config import STTFormerConfig as STTFormerConfig
from .grid import DenseGrid as DenseGrid
from .grid import TokenGrid as TokenGrid
from .grid import VisibleGrid as VisibleGrid
from .model import STTFormer as STTFormer
from .official import from_official as from_official
from .official import to_official as to_official
from .positions import sinusoidal_positions as sinusoidal_positions
from .sizes import SIZES as SIZES
from .sizes import create as create

__all__ = [
    "SIZES",
    "DenseGrid",
    "STTFormer",
    "STTFormerBlock",
    "STTFormerConfig",
    "TokenGrid",
    "VisibleGrid",
    "create",
    "from_official",
    "sinusoidal_positions",
    "to_official",
]
