"""The examples in the apps' docstrings."""

import doctest
import importlib
import pkgutil

import pytest

import engine

MODULES = [module.name for module in pkgutil.iter_modules(engine.__path__, "engine.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
