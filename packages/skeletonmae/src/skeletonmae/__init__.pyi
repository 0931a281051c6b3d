from ._version import __version__ as __version__
from .attention import attention_maps as attention_maps
from .attention import joint_attention as joint_attention
from .calibration import recalibrate as recalibrate
from .config import DecoderConfig as DecoderConfig
from .config import EncoderConfig as EncoderConfig
from .config import LatentConfig as LatentConfig
from .config import SkeletonMAEConfig as SkeletonMAEConfig
from .config import STTFormerDecoderConfig as STTFormerDecoderConfig
from .config import TargetConfig as TargetConfig
from .config import TransformerDecoderConfig as TransformerDecoderConfig
from .confusion import confusion_matrix as confusion_matrix
from .decoder import STTFormerDecoder as STTFormerDecoder
from .decoder import TransformerDecoder as TransformerDecoder
from .fusion import fuse_scores as fuse_scores
from .joint_statistics import JointStatistics as JointStatistics
from .latent import LatentTarget as LatentTarget
from .latent import feature_variation as feature_variation
from .losses import reconstruction_loss as reconstruction_loss
from .model import Reconstruction as Reconstruction
from .model import SkeletonMAE as SkeletonMAE
from .model import SkeletonMAEOutput as SkeletonMAEOutput
from .neighbours import nearest_neighbours as nearest_neighbours
from .networks import build_decoder as build_decoder
from .networks import build_encoder as build_encoder
from .networks import build_mask as build_mask
from .plugins import DecoderPlugin as DecoderPlugin
from .plugins import EncoderPlugin as EncoderPlugin
from .plugins import MaskPlugin as MaskPlugin
from .plugins import Plugin as Plugin
from .plugins import or_plugin as or_plugin
from .probing import linear_probe as linear_probe
from .projection import principal_components as principal_components
from .protocols import Decoder as Decoder
from .protocols import Encoder as Encoder
from .protocols import MaskSampler as MaskSampler
from .ready import READY as READY
from .ready import from_pretrained as from_pretrained
from .ready import ready_folder as ready_folder
from .requirements import PartError as PartError
from .targets import Target as Target
from .targets import joint_motion as joint_motion
from .token_classifier import TokenClassifier as TokenClassifier
from .transformer import Transformer as Transformer
from .transformer_config import TransformerConfig as TransformerConfig
from .uncertainty import JointUncertainty as JointUncertainty
from .whitening import partial_whitening as partial_whitening

__all__ = [
    "READY",
    "Decoder",
    "DecoderConfig",
    "DecoderPlugin",
    "Encoder",
    "EncoderConfig",
    "EncoderPlugin",
    "JointStatistics",
    "JointUncertainty",
    "LatentConfig",
    "LatentTarget",
    "MaskPlugin",
    "MaskSampler",
    "PartError",
    "Plugin",
    "Reconstruction",
    "STTFormerDecoder",
    "STTFormerDecoderConfig",
    "SkeletonMAE",
    "SkeletonMAEConfig",
    "SkeletonMAEOutput",
    "Target",
    "TargetConfig",
    "TokenClassifier",
    "Transformer",
    "TransformerConfig",
    "TransformerDecoder",
    "TransformerDecoderConfig",
    "attention_maps",
    "build_decoder",
    "build_encoder",
    "build_mask",
    "confusion_matrix",
    "feature_variation",
    "from_pretrained",
    "fuse_scores",
    "joint_attention",
    "joint_motion",
    "linear_probe",
    "nearest_neighbours",
    "or_plugin",
    "partial_whitening",
    "principal_components",
    "ready_folder",
    "recalibrate",
    "reconstruction_loss",
]
