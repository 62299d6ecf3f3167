"""A service's monitoring over HTTP: routes for a FastAPI application, made from a registry module."""

from .routes import register_routes, router

__all__ = ["register_routes", "router"]
