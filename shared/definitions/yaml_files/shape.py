"""Plain data against a contract model: every error at its line, with what is allowed there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from shared.definitions.yaml_files.findings import FieldPath, Finding, dotted, listed, nearest
from shared.definitions.yaml_files.nodes import Node

M = TypeVar("M", bound=BaseModel)
_BOUNDS = {
    "ge": "at least {}",
    "gt": "more than {}",
    "le": "at most {}",
    "lt": "less than {}",
    "min_length": "at least {} of them",
    "max_length": "at most {} of them",
    "pattern": "{}",
    "expected": "{}",
    "expected_tags": "{}",
}
_TYPES = {
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text, in quotes where it looks like a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_type": "a mapping",
    "finite_number": "a finite number",
}
_LONGEST_INPUT = 60


def check_shape(
    model: type[M],
    node: Node,
    file: str,
    added: Mapping[str, Any] | None = None,
    hidden: frozenset[str] = frozenset(),
    item_name: str = "",
) -> tuple[M | None, list[Finding]]:
    """Return the node as a model, or all findings against it.

    `added` are fields outside the text, `hidden` fields that the text may not hold.
    """
    plain = node.plain()
    if not isinstance(plain, dict):
        allowed = listed(_names(model.model_json_schema(), {}) - hidden)
        return None, [Finding(file, node.line, "item", "is no mapping", allowed)]
    results = [
        Finding(
            file, node.key_lines[name], name, "is set by whoever loads the pack", item=item_name
        )
        for name in plain
        if name in hidden
    ]
    message = {name: value for name, value in plain.items() if name not in hidden}
    text = json.dumps({**message, **(added or {})})
    try:
        return model.model_validate_json(text), results
    except ValidationError as error:
        schema = model.model_json_schema()
        results += (
            _finding(dict(item), schema, node, file, hidden, item_name)
            for item in error.errors(include_url=False)
        )
        return None, results


def _finding(
    item: dict[str, Any],
    schema: dict[str, Any],
    node: Node,
    file: str,
    hidden: frozenset[str],
    item_name: str,
) -> Finding:
    path: FieldPath = item["loc"]
    line, real = node.follow(path)
    kind, context = item["type"], item.get("ctx", {})
    message = _message(item)
    if kind == "missing":
        missing = path[-1]
        real, message = (*real, missing), "is missing"
        field = _schema_at(schema, path)
        allowed = _describe(field)
    elif kind == "extra_forbidden":
        name = str(path[-1])
        names = _names(_resolve(_schema_at(schema, path[:-1]), schema), schema) - hidden
        message = f"there is no such field{nearest(name, names)}"
        allowed = listed(names)
    elif kind == "union_tag_not_found":
        discriminator = str(context.get("discriminator", "kind")).strip("'")
        message = f"{discriminator} is missing"
        allowed = listed(set(_schema_at(schema, path).get("discriminator", {}).get("mapping", {})))
    elif kind == "union_tag_invalid":
        tag = str(context.get("tag", ""))
        discriminator = str(context.get("discriminator", "")).strip("'")
        line, real = node.follow((*path, discriminator))
        tags = str(context.get("expected_tags", ""))
        tags_allowed = [name.strip(" '") for name in tags.split(",")]
        message, allowed = (
            f"{tag[:_LONGEST_INPUT]!r} is unknown{nearest(tag, tags_allowed)}",
            listed(tags_allowed),
        )
    else:
        bounds = [
            form.format(context[name])
            for name, form in _BOUNDS.items()
            if context.get(name) is not None
        ]
        allowed = ", ".join(bounds) or _TYPES.get(kind, "")
    return Finding(file, line, dotted(real) or "item", message, allowed, item=item_name)


def _message(item: dict[str, Any]) -> str:
    input_value = item.get("input")
    kind = item["type"]
    if kind == "value_error":
        return str(item["msg"]).removeprefix("Value error, ")
    if isinstance(input_value, str | int | float | bool) or input_value is None:
        text = json.dumps(input_value, ensure_ascii=False)
        cut = text if len(text) <= _LONGEST_INPUT else text[:_LONGEST_INPUT] + "..."
        return f"{cut} cannot be used here"
    return str(item["msg"])


def _schema_at(schema: dict[str, Any], path: FieldPath) -> dict[str, Any]:
    """The part of a JSON schema that describes `path`; empty where it leads nowhere."""
    node = schema
    for step in path:
        node = _resolve(node, schema)
        mapping = node.get("discriminator", {}).get("mapping", {})
        if isinstance(step, int):
            node = node.get("items", {})
        elif step in mapping:
            node = {"$ref": mapping[step]}
        else:
            node = node.get("properties", {}).get(step, {})
    return _resolve(node, schema)


def _resolve(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Follow references, and look through `or null`."""
    for _ in range(8):
        if "$ref" in part:
            part = schema.get("$defs", {}).get(str(part["$ref"]).rsplit("/", 1)[-1], {})
            continue
        options = [option for option in part.get("anyOf", ()) if option.get("type") != "null"]
        if len(options) == 1:
            part = options[0]
            continue
        break
    return part


def _names(part: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    return set(_resolve(part, schema).get("properties", {}))


def _describe(part: dict[str, Any]) -> str:
    if "enum" in part:
        return listed([str(option) for option in part["enum"]])
    if "const" in part:
        return str(part["const"])
    if mapping := part.get("discriminator", {}).get("mapping"):
        return "one of " + listed(set(mapping))
    if "pattern" in part:
        return str(part["pattern"])
    words = {
        "number": "a number",
        "integer": "a whole number",
        "string": "text",
        "array": "a list",
        "object": "a mapping",
    }
    return words.get(str(part.get("type", "")), "")
