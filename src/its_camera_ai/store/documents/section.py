"""What every part of a file that people write has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Rules for every part of a file: exact types, no unknown keys."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
