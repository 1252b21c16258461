"""Where it lives: the vault, deliveries, runs and the publication. The only package with state."""

from registry_db.faults import RegistryError

__all__ = ["RegistryError"]
