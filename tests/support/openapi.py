"""Comparison of real HTTP responses with an OpenAPI 3.1 document."""

from __future__ import annotations

import re
from typing import Any

import httpx2
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

_DOCUMENT = "urn:openapi"
_PARAMETER = re.compile(r"\{[^}]*\}")


class OpenApiDocument:
    """An OpenAPI document against which responses are checked."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.paths: dict[str, dict[str, Any]] = document["paths"]
        resource = Resource.from_contents(document, default_specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource(_DOCUMENT, resource)
        self._patterns = [
            (re.compile("[^/]+".join(map(re.escape, _PARAMETER.split(path)))), path)
            for path in sorted(self.paths, key=lambda path: ("{" in path, path))
        ]

    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        """Return the template of a path and the operation, None if the document has none."""
        for pattern, template in self._patterns:
            if pattern.fullmatch(path) and method.lower() in self.paths[template]:
                return template, self.paths[template][method.lower()]
        return None

    def problems(self, response: httpx2.Response) -> list[str]:
        """Return the differences between a response and its operation.

        An undocumented path has no differences. The status must be documented; so must the media
        type of a body; a JSON body must have the documented schema.
        """
        request = response.request
        operation = self.operation(request.method, request.url.path)
        if operation is None:
            return []
        template, description = operation
        name = f"{request.method} {template} {response.status_code}"
        documented = description["responses"].get(str(response.status_code))
        if documented is None:
            return [f"{name}: the status is not documented"]
        content: dict[str, Any] = documented.get("content", {})
        media_type = response.headers.get("content-type", "").partition(";")[0].strip()
        if not content:
            return [f"{name}: a body is not documented"] if response.content else []
        if media_type not in content:
            return [f"{name}: {media_type or 'no media type'} is not documented"]
        if not media_type.endswith(("/json", "+json")):
            return []
        pointer = "/".join(
            step.replace("~", "~0").replace("/", "~1")
            for step in (
                *("paths", template, request.method.lower(), "responses"),
                *(str(response.status_code), "content", media_type, "schema"),
            )
        )
        if "schema" not in content[media_type]:
            return [f"{name}: {media_type} has no schema"]
        validator = Draft202012Validator(
            {"$ref": f"{_DOCUMENT}#/{pointer}"},
            registry=self._registry,
            format_checker=FormatChecker(),
        )
        return [
            f"{name}: {error.json_path}: {error.message}"
            for error in validator.iter_errors(response.json())
        ]

    def check(self, response: httpx2.Response) -> None:
        """Fail if a response is not as documented."""
        problems = self.problems(response)
        assert not problems, problems
