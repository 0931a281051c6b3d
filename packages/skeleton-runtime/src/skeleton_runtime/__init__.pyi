from ._version import __version__ as __version__
from .answers import Answer as Answer
from .calibration import Calibration as Calibration
from .cli.output import as_table as as_table
from .cli.output import csv_header as csv_header
from .cli.output import formatter as formatter
from .events import Event as Event
from .events import find_events as find_events
from .explanation import Explanation as Explanation
from .frame_lines import answer_lines as answer_lines
from .live import LiveStream as LiveStream
from .model_folder import open_model as open_model
from .network import Network as Network
from .network import OnnxNetwork as OnnxNetwork
from .recogniser import Recogniser as Recogniser
from .recorded_files import read_recordings as read_recordings
from .recordings import Recording as Recording
from .stream_options import StreamOptions as StreamOptions
from .windows import Windows as Windows

__all__ = [
    "Answer",
    "Calibration",
    "Event",
    "Explanation",
    "LiveStream",
    "Network",
    "OnnxNetwork",
    "Recogniser",
    "Recording",
    "StreamOptions",
    "Windows",
    "answer_lines",
    "as_table",
    "csv_header",
    "find_events",
    "formatter",
    "open_model",
    "read_recordings",
]
