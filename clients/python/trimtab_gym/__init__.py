"""Trimtab's serving clusters as Gymnasium environments over HTTP, and a runner for exported policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium

from .client import Client, TrimtabError
from .env import TrimtabEnv
from .runner import ExportedPolicy, load_policy

if TYPE_CHECKING:
    from .vector import TrimtabVectorEnv

__all__ = [
    "Client",
    "ExportedPolicy",
    "TrimtabEnv",
    "TrimtabError",
    "TrimtabVectorEnv",
    "load_policy",
    "register_envs",
]

#: Scenarios that ship with the service.
SHIPPED = ("ImageDiurnal", "ImageMmpp", "ImageSurge", "ImageTwitter", "NlpServegen")


def __getattr__(name: str) -> Any:
    """Vectors need Gymnasium 1.1; the rest does with 1.0."""
    if name == "TrimtabVectorEnv":
        from .vector import TrimtabVectorEnv

        return TrimtabVectorEnv
    raise AttributeError(f"module {__name__} has no attribute {name}")


def register_envs() -> None:
    """Registers every environment that ships; called when the package is imported."""
    for name in SHIPPED:
        env_id = f"trimtab/{name}-v0"
        if env_id in gymnasium.registry:
            continue
        gymnasium.register(
            id=env_id,
            entry_point="trimtab_gym.env:TrimtabEnv",
            vector_entry_point="trimtab_gym.vector:TrimtabVectorEnv",
            kwargs={"env_id": env_id},
        )


register_envs()
