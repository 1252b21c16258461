"""The API: what the pages show, for programs. It reads the newest publication and nothing else."""

from app.api.endpoints import api

__all__ = ["api"]
