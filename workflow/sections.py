"""What a section of the config is, and what is said of a value that is not accepted."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import core_schema

from gradnoise.errors import InputError
from gradnoise.model.own_code import require_users
from plain import shown

Positive = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
OWN = r"[\w.]+:\w+"  # a user's own code


class Section(BaseModel):
    """A part of the config: no key but those listed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_value_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        """YAML's `yes` is no 1, and 0 is no `false`: Pydantic would take one for the other."""
        annotation = cls.model_fields[str(info.field_name)].annotation
        if annotation is bool:
            mistaken = not isinstance(value, bool)
        else:
            values = value if isinstance(value, list) else [value]
            mistaken = any(isinstance(each, bool) for each in values) and not _takes_anything(
                annotation
            )
        if mistaken:
            raise ValueError(
                f"found {value!r}; {'true or false is needed' if annotation is bool else 'that is no number'}"
            )
        return value


Checked = TypeVar("Checked", bound=Section)


def distinct(values: list[Any]) -> list[Any]:
    """The list itself.

    Raises:
        ValueError: where a value stands in it twice.
    """
    if len(set(values)) != len(values):
        raise ValueError(f"each value once; found {shown(values, 200)}")
    return values


def without_braces(path: str) -> str:
    """The path itself.

    Raises:
        ValueError: where Snakemake would take a part of it for a wildcard, or a line would break.
    """
    if re.search(r"[{}<>\x00-\x1f]", path):
        raise ValueError(
            f"found {path!r}; accepted: a path without braces and angle brackets, which Snakemake takes for "
            "wildcards and variables, and without control characters"
        )
    return path


def within(epochs: list[int], last: int, key: str) -> None:
    """Check that epochs exist.

    Raises:
        ValueError: names those beyond the last one.
    """
    beyond = [epoch for epoch in epochs if epoch > last]
    if beyond:
        raise ValueError(f"{key}: found {beyond}; the last epoch is training.epochs = {last}")


@dataclass(frozen=True)
class Choice:
    """Annotation of a key whose value is one of the entries of a registry, or the user's own code.

    Attributes:
        accepted: the entries.
        own: what a user's own `package.module:name` names, where one may be given.
    """

    accepted: tuple[str, ...]
    own: str = ""

    def known(self, value: str) -> str:
        """The value itself.

        Raises:
            ValueError: where the registry has no such entry.
        """
        if value not in self.accepted and not (self.own and re.fullmatch(OWN, value)):
            near = suggestion(value, self.accepted)
            own = f", or your own as 'package.module:{self.own}'" if self.own else ""
            raise ValueError(f"found {value!r}{near}; accepted: {', '.join(self.accepted)}{own}")
        if value not in self.accepted:
            require_users(value)
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return core_schema.no_info_after_validator_function(self.known, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        listed = {**handler(schema), "enum": list(self.accepted)}
        own = {**handler(schema), "pattern": f"^{OWN}$"}
        return {"anyOf": [listed, own]} if self.own else listed


def suggestion(word: str, accepted: Iterable[str]) -> str:
    """` (did you mean ...?)`, or nothing where no accepted word is near."""
    near = difflib.get_close_matches(str(word), list(accepted), 1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def check(section: type[Checked], values: Any, where: str) -> Checked:
    """Validate `values` as `section`.

    Args:
        where: key of the section, which messages begin with; "" for the whole config.

    Raises:
        InputError: every problem on a line of its own, with the key, what was found and what is accepted.
    """
    try:
        return section.model_validate(values)
    except ValidationError as errors:
        found: dict[str, list[Any]] = {}
        for error in errors.errors():
            found.setdefault(_key(error, where), []).append(error)
    # Of a list among other choices, what its entries say.
    keys = [key for key in found if not any(other.startswith(f"{key}.") for other in found)]
    lines = [_line(key, found[key], section) for key in keys]
    raise InputError("\n".join(dict.fromkeys(lines)))


def _path(error: Any) -> list[str]:
    # Pydantic's location also names the branch of a union ("literal['all']", "constrained-int"): not a key.
    branch = r"[\[(]|^((constrained-)?(int|str|float)|none)$"
    unknown = len(error["loc"]) - 1 if error["type"] == "extra_forbidden" else None
    return [
        str(part)
        for place, part in enumerate(error["loc"])
        if place == unknown or not re.search(branch, str(part))
    ]


def _key(error: Any, where: str) -> str:
    return ".".join([*([where] if where else []), *_path(error)])


def _line(key: str, errors: list[Any], section: type[Section]) -> str:
    """One line for a key: several errors are those of the choices it has."""
    error, *others = errors
    if error["type"] == "extra_forbidden":
        path = _path(error)
        accepted = _keys(section, path[:-1])
        return (
            f"{key}: unknown key{suggestion(path[-1], accepted)}; accepted: {', '.join(accepted)}"
        )
    if error["type"] == "missing":
        return f"{key}: missing; every key of config.yaml must be there"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{key}: {message}" if key else message
    choices = [message, *(each["msg"].removeprefix("Input should be ") for each in others)]
    said = [re.sub(", (unable to|got) .*", "", each[0].lower() + each[1:]) for each in choices]
    return f"{key}: found {shown(error['input'], 200)}; {', or '.join(said)}"


def _keys(section: type[Section], path: list[str]) -> list[str]:
    """Keys accepted at a path below a section."""
    for part in path:
        if part in section.model_fields:
            section = _section_in(section.model_fields[part].annotation) or section
    return list(section.model_fields)


def _takes_anything(annotation: Any) -> bool:
    """Whether truth values are among what a key takes."""
    return annotation in (Any, bool) or any(map(_takes_anything, get_args(annotation)))


def _section_in(annotation: Any) -> type[Section] | None:
    """The section that a key's type holds, itself or as the values of a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_in(part))), None)
