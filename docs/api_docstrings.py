"""How mkdocstrings reads docstrings: examples are code, fields of configs describe themselves."""

import ast
import re
from typing import Any

import griffe


class Docstrings(griffe.Extension):
    """Read sections called `Example`, and the descriptions of pydantic fields."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Take `Example:` for the section that griffe calls `Examples:`."""
        if obj.docstring:
            obj.docstring.value = re.sub(r"^Example:$", "Examples:", obj.docstring.value, flags=re.MULTILINE)

    def on_attribute(self, *, attr: griffe.Attribute, **_: Any) -> None:
        """Take the description of a field for its docstring."""
        call = attr.value
        if not isinstance(call, griffe.ExprCall) or str(call.function) != "Field" or attr.docstring:
            return
        for argument in call.arguments:
            if isinstance(argument, griffe.ExprKeyword) and argument.name == "description":
                try:
                    text = ast.literal_eval(str(argument.value))
                except (SyntaxError, ValueError):  # made of other names
                    continue
                attr.docstring = griffe.Docstring(text, parent=attr)
                call.arguments = [each for each in call.arguments if each is not argument]  # shown once
                return
