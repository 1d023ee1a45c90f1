"""Parts of a body that are contracts: validated by the rules of the contract, from JSON.

The rules of contracts are strict, and in a parsed body a list is no tuple yet.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, BeforeValidator, TypeAdapter, ValidationError

from shared.runtime.decoding import explain


def by_contract(contract: Any) -> BeforeValidator:
    """Return the validator of a part of a body by a contract."""
    adapter: TypeAdapter[Any] = TypeAdapter(contract)

    def validate(value: Any) -> Any:
        if value is None or isinstance(value, BaseModel):
            return value
        try:
            return adapter.validate_json(json.dumps(value))
        except ValidationError as error:
            raise ValueError(explain(error)[1]) from None
        except RecursionError:
            raise ValueError("is nested too deeply") from None

    return BeforeValidator(validate)
