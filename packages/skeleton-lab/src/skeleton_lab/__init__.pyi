from ._version import __version__ as __version__
from .data.finetune_clips import FinetuneClips as FinetuneClips
from .data.finetune_clips import FinetuneData as FinetuneData
from .data.pretrain_clips import ContrastData as ContrastData
from .data.pretrain_clips import PretrainClips as PretrainClips
from .data.pretrain_clips import PretrainData as PretrainData
from .errors import InputError as InputError
from .errors import RunError as RunError
from .errors import exit_on_bad_input as exit_on_bad_input
from .errors import input_errors as input_errors
from .errors import leave_processes as leave_processes
from .errors import writing as writing
from .estimator.classifier import SkeletonClassifier as SkeletonClassifier
from .estimator.parameters import NotFittedError as NotFittedError
from .estimator.pretrainer import SkeletonPretrainer as SkeletonPretrainer
from .estimator.report import RecognitionReport as RecognitionReport
from .estimator.report import recognition_report as recognition_report
from .evaluation.evaluation import ClipReader as ClipReader
from .evaluation.evaluation import probe_and_neighbours as probe_and_neighbours
from .evaluation.metrics import Accuracy as Accuracy
from .evaluation.metrics import evaluate_classifier as evaluate_classifier
from .inference.recogniser import Recogniser as Recogniser
from .models.network_config import NetworkConfig as NetworkConfig
from .models.network_config import resolve_network as resolve_network
from .models.onnx_export import export_with_examples as export_with_examples
from .models.onnx_int8 import write_int8 as write_int8
from .models.pretraining import load_pretraining as load_pretraining
from .models.saved_model import SavedModel as SavedModel
from .models.saving import save_network as save_network
from .models.weights import build_network as build_network
from .models.weights import load_network as load_network
from .recipe.recipe import RecipeSection as RecipeSection
from .recipe.recipe import read_options as read_options
from .recipe.recipe import read_recipe as read_recipe
from .runs.folder import RunConfig as RunConfig
from .runs.folder import RunFolder as RunFolder
from .runs.results import ContrastResult as ContrastResult
from .runs.results import Evaluation as Evaluation
from .runs.results import FinetuneResult as FinetuneResult
from .runs.results import PretrainResult as PretrainResult
from .runs.results import TestResult as TestResult
from .training.distributed import set_up_distributed as set_up_distributed
from .training.loaders import Loaders as Loaders
from .training.optimizer import SGD as SGD
from .training.optimizer import Adam as Adam
from .training.optimizer import AdamW as AdamW
from .training.optimizer import OptimizerConfig as OptimizerConfig
from .training.optimizer import Timm as Timm
from .training.plan import FinetuneTraining as FinetuneTraining
from .training.plan import Plan as Plan
from .training.plan import TrainingConfig as TrainingConfig
from .training.schedule import Cosine as Cosine
from .training.schedule import MultiStep as MultiStep
from .training.schedule import ScheduleConfig as ScheduleConfig
from .training.trainer import Trainer as Trainer

__all__ = [
    "SGD",
    "Accuracy",
    "Adam",
    "AdamW",
    "ClipReader",
    "ContrastData",
    "ContrastResult",
    "Cosine",
    "Evaluation",
    "FinetuneClips",
    "FinetuneData",
    "FinetuneResult",
    "FinetuneTraining",
    "InputError",
    "Loaders",
    "MultiStep",
    "NetworkConfig",
    "NotFittedError",
    "OptimizerConfig",
    "Plan",
    "PretrainClips",
    "PretrainData",
    "PretrainResult",
    "RecipeSection",
    "Recogniser",
    "RecognitionReport",
    "RunConfig",
    "RunError",
    "RunFolder",
    "SavedModel",
    "ScheduleConfig",
    "SkeletonClassifier",
    "SkeletonPretrainer",
    "TestResult",
    "Timm",
    "Trainer",
    "TrainingConfig",
    "build_network",
    "evaluate_classifier",
    "exit_on_bad_input",
    "export_with_examples",
    "input_errors",
    "leave_processes",
    "load_network",
    "load_pretraining",
    "probe_and_neighbours",
    "read_options",
    "read_recipe",
    "recognition_report",
    "resolve_network",
    "save_network",
    "set_up_distributed",
    "write_int8",
    "writing",
]
