"""Parts of bodies that are contracts, validated by the rules of the contract."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, BeforeValidator, ValidationError

from shared.runtime.decoding import explain


def by_contract(model: type[BaseModel]) -> BeforeValidator:
    """Return the validator of a field of this model.

    It validates from JSON: in a parsed body a list is no tuple yet.
    """

    def validate(value: Any) -> Any:
        if value is None or isinstance(value, model):
            return value
        try:
            return model.model_validate_json(json.dumps(value))
        except ValidationError as error:
            raise ValueError(explain(error)[1]) from None
        except RecursionError:
            raise ValueError("is nested too deeply") from None

    return BeforeValidator(validate)
