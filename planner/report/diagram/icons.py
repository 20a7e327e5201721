"""Small drawings for what an endpoint is: strokes in a square of 24 by 24, one for each of `ports.matrix.ICONS`."""

from planner.plan.document import Endpoint
from ports.matrix import Matrix

SIDE = 24

PATHS = {
    "": "M7 4h10a3 3 0 0 1 3 3v10a3 3 0 0 1-3 3H7a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3z",
    "server": "M5.5 3.5h13A1.5 1.5 0 0 1 20 5v4a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 9V5a1.5 1.5 0 0 1 1.5-1.5z"
    "M5.5 13.5h13A1.5 1.5 0 0 1 20 15v4a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 19v-4a1.5 1.5 0 0 1 1.5-1.5z"
    "M7.5 7h.1M7.5 17h.1M12 7h4.5M12 17h4.5",
    "globe": "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18zM3 12h18"
    "M12 3c2.5 2.5 3.8 5.6 3.8 9s-1.3 6.5-3.8 9c-2.5-2.5-3.8-5.6-3.8-9s1.3-6.5 3.8-9z",
    "data": "M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3s-3.6 3-8 3s-8-1.3-8-3z"
    "M4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
    "directory": "M9 3h6v5H9zM3 16h6v5H3zM15 16h6v5h-6zM12 8v4M6 16v-4h12v4",
    "mail": "M4.5 5h15A1.5 1.5 0 0 1 21 6.5v11a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17.5v-11A1.5 1.5 0 0 1 4.5 5z"
    "M3.5 7l8.5 6.5L20.5 7",
    "bridge": "M4 8h14M14 4l4 4l-4 4M20 16H6M10 12l-4 4l4 4",
    "agent": "M7 8.5h10a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2z"
    "M12 8.5V4.5M10.5 4h3M9.3 14h.1M14.7 14h.1M2 12.5v3M22 12.5v3",
    "people": "M9 11a3.5 3.5 0 1 0 0-7a3.5 3.5 0 1 0 0 7zM2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6"
    "M16 4.4a3.5 3.5 0 0 1 0 6.4M18 14.5c2.2.9 3.5 2.9 3.5 5.5",
    "phone": "M8.5 2.5h7A1.5 1.5 0 0 1 17 4v16a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 7 20V4a1.5 1.5 0 0 1 1.5-1.5z"
    "M11 18.5h2",
    "device": "M4.5 11h15a1.5 1.5 0 0 1 1.5 1.5v5a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17.5v-5"
    "A1.5 1.5 0 0 1 4.5 11zM6.8 15h.1M10.3 15h.1M14 15h4M12 11V5.5M8.5 8L12 4.5L15.5 8",
    "host": "M4.5 4h15A1.5 1.5 0 0 1 21 5.5v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 14.5v-9A1.5 1.5 0 0 1 4.5 4z"
    "M12 16v4M8 20h8",
}
"""The icons as path data; "" is for what has none in particular."""


def choose_icon(endpoint: Endpoint, matrix: Matrix) -> str:
    """The icon of an endpoint: that of its first role in the order of the matrix, else of its first platform."""
    for slug, role in matrix.roles.items():
        if slug in endpoint.roles:
            return role.icon
    for slug, platform in matrix.platforms.items():
        if slug in endpoint.platforms:
            return platform.icon
    return ""
