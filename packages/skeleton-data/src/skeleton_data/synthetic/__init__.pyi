from .config import SyntheticConfig as SyntheticConfig
from .files import write_synthetic as write_synthetic
from .generate import generate as generate

__all__ = ["SyntheticConfig", "generate", "write_synthetic"]
