from .config import DecoderConfig as DecoderConfig
from .config import EncoderConfig as EncoderConfig
from .config import SkeletonMAEConfig as SkeletonMAEConfig
from .config import STTFormerDecoderConfig as STTFormerDecoderConfig
from .config import TargetConfig as TargetConfig
from .config import TransformerDecoderConfig as TransformerDecoderConfig
from .decoder import STTFormerDecoder as STTFormerDecoder
from .decoder import TransformerDecoder as TransformerDecoder
from .losses import reconstruction_loss as reconstruction_loss
from .model import Reconstruction as Reconstruction
from .model import SkeletonMAE as SkeletonMAE
from .model import SkeletonMAEOutput as SkeletonMAEOutput
from .networks import build_decoder as build_decoder
from .networks import build_encoder as build_encoder
from .protocols import Decoder as Decoder
from .protocols import Encoder as Encoder
from .targets import joint_motion as joint_motion
from .targets import standardise as standardise
from .transformer import Transformer as Transformer
from .transformer_config import TransformerConfig as TransformerConfig

__all__ = [
    "Decoder",
    "DecoderConfig",
    "Encoder",
    "EncoderConfig",
    "Reconstruction",
    "STTFormerDecoder",
    "STTFormerDecoderConfig",
    "SkeletonMAE",
    "SkeletonMAEConfig",
    "SkeletonMAEOutput",
    "TargetConfig",
    "Transformer",
    "TransformerConfig",
    "TransformerDecoder",
    "TransformerDecoderConfig",
    "build_decoder",
    "build_encoder",
    "joint_motion",
    "reconstruction_loss",
    "standardise",
]
