"""From a strict YAML file to a pydantic model, with errors that stand where the fault is."""

from __future__ import annotations

import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from cleaners.rules.errors import ConfigError, Place, did_you_mean, error_at
from cleaners.rules.yaml_file import Data, Steps, YamlFile, load_yaml

Model = TypeVar("Model", bound=BaseModel)
Locate = Callable[[Steps, bool], Place]
"""The place of the value at an address, or (second argument true) of its key."""


class StrictModel(BaseModel):
    """A model for a configuration file: frozen, unknown keys refused, a key without a value counts as absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _absent(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        names = {info.alias or name for name, info in cls.model_fields.items()}
        return {key: value for key, value in data.items() if value is not None or key not in names}


def load_model(path: Path, model: type[Model]) -> Model:
    """Read a YAML file into ``model``.

    All values arrive as strings, and pydantic reads "3", "yes" and "2026-03-03" as the model asks. The first fault in the file is raised as ``ConfigError``. Use ``StrictModel`` for the model
    and those inside it, so that a misspelt key is a fault with a "did you mean".
    """
    file = load_yaml(path)
    if file.data is not None and not isinstance(file.data, dict):
        raise file.error(
            (), "the file must be a mapping of keys to values", "Begin with a key, such as name:"
        )
    return validate(model, file.data or {}, lambda steps, key: file.place(steps, key=key))


def load_part(file: YamlFile, steps: Steps, data: Data, model: type[Model]) -> Model:
    """As ``load_model`` for the part of a file that stands at ``steps``."""
    return validate(model, data, lambda inner, key: file.place((*steps, *inner), key=key))


def validate(model: type[Model], data: Data, locate: Locate) -> Model:
    """Check ``data`` against ``model``; ``ConfigError`` for the first fault in the file's order."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        # A misspelt key is unknown and missing at once; the misspelling is what to show.
        faults = [(detail["type"] == "missing", _fault(detail, model, data, locate)) for detail in details]
        raise min(faults, key=lambda found: (found[0], found[1].place))[1] from error


def fault(key: str, message: str, hint: str = "") -> PydanticCustomError:
    """For a model's own validators: a fault of the value under ``key``, in plain words."""
    said = message.replace("{", "{{").replace("}", "}}")
    return PydanticCustomError(
        "fault", typing.cast(Any, said), {"key": key, "message": message, "hint": hint}
    )


def _fault(detail: ErrorDetails, model: type[BaseModel], data: Data, locate: Locate) -> ConfigError:
    kind, context = detail["type"], detail.get("ctx", {})
    steps, names = _address(detail["loc"], data)
    last = str(detail["loc"][-1]) if detail["loc"] else ""
    if kind == "fault":
        key = context["key"]
        where = locate((*steps, key), False) if _has(data, (*steps, key)) else locate(steps, True)
        return error_at(where, context["message"], context["hint"])
    if kind == "missing":
        return error_at(locate(steps, True), f"{_thing(steps)} needs the key {last!r}", f"Add {last}:")
    if kind == "extra_forbidden":
        known = _fields_at(model, detail["loc"][:-1])
        hint = did_you_mean(last, known) if known else ""
        return error_at(locate(steps, True), f"the key {last!r} is not known here", hint)
    said = f"{'.'.join(names) or 'the file'}: {_plain(detail)}"
    if kind == "literal_error":
        choices = [part.strip().strip("'") for part in context["expected"].replace(" or ", ", ").split(",")]
        return error_at(locate(steps, False), said, did_you_mean(str(detail["input"]), choices))
    return error_at(locate(steps, False), said)


def _plain(detail: ErrorDetails) -> str:
    value = detail["input"]
    shown = f" (not {value!r})" if isinstance(value, str) else ""
    if detail["type"] in ("dict_type", "model_type", "model_attributes_type"):
        return "this must be a mapping of keys to values"
    message = detail["msg"]
    return message[:1].lower() + message[1:] + shown


def _thing(steps: Steps) -> str:
    return str(steps[-1]) if steps else "the file"


def _address(loc: tuple[int | str, ...], data: Data) -> tuple[Steps, list[str]]:
    """The part of pydantic's location that exists in the data (it also names union members and validators)."""
    steps: list[str | int] = []
    here: Any = data
    part: Any
    for part in loc:
        inside_list = isinstance(here, list) and isinstance(part, int) and part < len(here)
        if not inside_list and not (isinstance(here, dict) and part in here):
            continue
        here = here[part]
        steps.append(part)
    return tuple(steps), [str(step) for step in steps]


def _has(data: Data, steps: Steps) -> bool:
    return len(_address(steps, data)[0]) == len(steps)


def _fields_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> set[str]:
    models = {model}
    for part in loc:
        inner: set[type[BaseModel]] = set()
        for owner in models:
            named = {info.alias or name: info for name, info in owner.model_fields.items()}
            if part in named:
                inner |= _models_in(named[str(part)].annotation)
        models = inner or models
    return {info.alias or name for owner in models for name, info in owner.model_fields.items()}


def _models_in(annotation: Any) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {model for inner in typing.get_args(annotation) for model in _models_in(inner)}
