from ._version import __version__ as __version__
from .errors import InputError as InputError
from .errors import RunError as RunError
from .inference.recogniser import Recogniser as Recogniser
from .models.saved_model import SavedModel as SavedModel
from .recipe.recipe import RecipeSection as RecipeSection
from .recipe.recipe import read_recipe as read_recipe

__all__ = [
    "InputError",
    "RecipeSection",
    "Recogniser",
    "RunError",
    "SavedModel",
    "read_recipe",
]
