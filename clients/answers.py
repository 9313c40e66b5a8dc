"""An answer's body as the model it was promised to be."""

from typing import TypeVar

import requests
from pydantic import BaseModel, ValidationError

from clients.problems import Unreachable

Answer = TypeVar("Answer", bound=BaseModel)


def parsed(model: type[Answer], response: requests.Response) -> Answer:
    """The body of ``response``. Raises ``Unreachable`` for one that makes no sense."""
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        raise Unreachable("unreadable answer") from error
