"""The networks that configs stand for."""

from sttformer import STTFormer, STTFormerConfig

from .config import (
    AnyMaskConfig,
    EncoderConfig,
    SkeletonMAEConfig,
    STTFormerDecoderConfig,
    TransformerDecoderConfig,
)
from .decoder import STTFormerDecoder, TransformerDecoder
from .plugins import DecoderPlugin, EncoderPlugin, MaskPlugin
from .protocols import Decoder, Encoder, MaskSampler
from .token_classifier import TokenClassifier
from .transformer import Transformer
from .transformer_config import TransformerConfig


def build_encoder(config: EncoderConfig) -> STTFormer | Transformer | TokenClassifier:
    """Build the encoder, or with classes the classifier, of a config; its weights are new.

    Example:
        >>> from sttformer import STTFormerConfig
        >>> type(build_encoder(STTFormerConfig(width=8, blocks=[(8, 2)]))).__name__
        'STTFormer'
    """
    match config:
        case STTFormerConfig():
            return STTFormer(config)
        case TransformerConfig():
            return Transformer(config)
        case EncoderPlugin():
            return TokenClassifier(config)


def build_decoder(config: SkeletonMAEConfig, encoder: Encoder) -> Decoder:
    """Build the decoder of a config, for the features and tokens of an encoder.

    Example:
        >>> config = SkeletonMAEConfig(decoder={"width": 8, "depth": 1, "qk_channels": 2})
        >>> build_decoder(config, build_encoder(config.encoder)).predict.out_features
        3
    """
    sizes = {
        "in_channels": encoder.num_features,
        "out_channels": config.encoder.channels * len(config.target.parts)
        + (encoder.num_features if config.latent else 0),
        "token_frames": encoder.token_frames,
    }
    match config.decoder:
        case STTFormerDecoderConfig(tuple_frames=tuple_frames):
            if tuple_frames is None:
                assert isinstance(config.encoder, STTFormerConfig)
                tuple_frames = config.encoder.tuple_frames
            return STTFormerDecoder(
                config.decoder, joints=config.encoder.joints, tuple_frames=tuple_frames, **sizes
            )
        case TransformerDecoderConfig():
            return TransformerDecoder(config.decoder, **sizes)
        case DecoderPlugin():
            return config.decoder.build_decoder(joints=config.encoder.joints, **sizes)


def build_mask(config: AnyMaskConfig) -> MaskSampler:
    """Return the mask of a config: itself if it is built in, else an object of the class that it names.

    Example:
        >>> from skeleton_mask import TubeConfig
        >>> build_mask(TubeConfig(joint_ratio=0.3)).tube_frames
        5
    """
    return config.build_mask() if isinstance(config, MaskPlugin) else config
