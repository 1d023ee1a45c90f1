"""The officer of a request, as a dependency of routes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request

from services.console.core.access import Viewer
from services.console.web.deps import Deps, console_of
from shared.contracts.fields import UnitId


async def viewer_of(request: Request) -> Viewer:
    """Return the officer of the request."""
    return await console_of(request).sessions.viewer(request)


SignedInViewer = Annotated[Viewer, Depends(viewer_of)]


async def looker_of(
    console: Deps, viewer: SignedInViewer, place: Annotated[UnitId | None, Query()] = None
) -> Viewer:
    """Return the viewer of the subtree of `place`, by default of the own unit."""
    return console.looking(viewer, place)


PlaceViewer = Annotated[Viewer, Depends(looker_of)]
