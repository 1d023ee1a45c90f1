"""The comparison of responses with an OpenAPI document finds each kind of difference."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.support.openapi import OpenApiDocument

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/things/{thing_id}": {
            "get": {
                "responses": {
                    "200": {
                        "description": "-",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}
                        },
                    },
                    "204": {"description": "-"},
                }
            }
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "properties": {"id": {"type": "string"}},
                "required": ["id"],
            }
        }
    },
}


def problems(status: int, content: bytes, media_type: str, path: str = "/things/7") -> list[str]:
    response = httpx2.Response(
        status,
        headers={"content-type": media_type},
        content=content,
        request=httpx2.Request("GET", f"http://test{path}"),
    )
    return OpenApiDocument(DOCUMENT).problems(response)


def test_a_response_as_documented_has_no_problem() -> None:
    assert problems(200, b'{"id": "a"}', "application/json; charset=utf-8") == []
    assert problems(204, b"", "") == []
    assert problems(500, b"", "", path="/elsewhere") == []


@pytest.mark.parametrize(
    ("status", "content", "media_type", "problem"),
    [
        (404, b"{}", "application/json", "the status is not documented"),
        (200, b"{}", "text/plain", "text/plain is not documented"),
        (200, b"{}", "application/json", "'id' is a required property"),
        (200, b'{"id": 7}', "application/json", "$.id: 7 is not of type 'string'"),
        (204, b"x", "text/plain", "a body is not documented"),
    ],
)
def test_each_difference_is_found(
    status: int, content: bytes, media_type: str, problem: str
) -> None:
    [message] = problems(status, content, media_type)
    assert problem in message
