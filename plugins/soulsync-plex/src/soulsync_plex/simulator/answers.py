"""Refusals, as pages of the server's own."""

from __future__ import annotations

from soulsync_engine.testing.simulator import Answer


def refusal(code: int, title: str) -> Answer:
    """A status with its page."""
    body = f"<html><head><title>{title}</title></head><body><h1>{code} {title}</h1></body></html>"
    return Answer(status=code, body=body.encode(), content_type="text/html")


def not_found() -> Answer:
    """What is sent for something that does not exist."""
    return refusal(404, "Not Found")


def bad_request() -> Answer:
    """What is sent for a request that makes no sense."""
    return refusal(400, "Bad Request")
