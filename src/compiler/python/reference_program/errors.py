"""Why a request has no verdict."""

from __future__ import annotations


class RequestError(ValueError):
    """The request is not one this program understands, or cannot be compiled as it stands."""


class UnsupportedError(RequestError):
    """Legal, but not in the reference program: no verdict."""
