"""The address under which a browser on this computer reaches the service."""

from gunicorn.util import parse_address


def base_address(bound: str) -> str:
    """The start of the service's addresses, as a browser on this computer reaches it; empty for a socket file.

    `bound` is what gunicorn listens on, PLANNER_BIND. Where that is every address of the computer, the local one is
    named, which the service answers to unless PLANNER_HOSTS says otherwise.
    """
    try:
        address = parse_address(bound.partition(",")[0].strip())
    except RuntimeError:
        return ""  # gunicorn is going to say what is wrong with it
    if not isinstance(address, tuple):
        return ""
    local = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - names it, binds nothing
    host = local.get(address[0], address[0])
    return f"http://{f'[{host}]' if ':' in host else host}:{address[1]}"
