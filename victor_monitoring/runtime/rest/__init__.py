"""A service's monitoring over HTTP: routes for a FastAPI application, derived from a registry module."""

from victor_monitoring.runtime.rest.routes import register_routes, router

__all__ = ["register_routes", "router"]
