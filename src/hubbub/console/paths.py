"""The table of the pages' paths."""

from __future__ import annotations

Key = tuple[str, str]

PATHS: tuple[Key, ...] = (
    ("GET", "/"),
    ("GET", "/assets/{name}"),
    ("GET", "/page/login"),
    ("POST", "/page/login"),
    ("POST", "/page/logout"),
    ("POST", "/page/language"),
    ("GET", "/page/conversations"),
    ("POST", "/page/conversations/delete"),
    ("POST", "/page/conversations/restore"),
    ("GET", "/page/turns"),
    ("POST", "/page/messages"),
    ("POST", "/page/stop"),
    ("GET", "/page/answers/{entry}"),
    ("GET", "/console"),
    ("GET", "/console/live"),
    ("POST", "/console/deliveries/{row}/retry"),
    ("POST", "/console/deliveries/{row}/drop"),
    ("GET", "/console/platforms"),
    ("GET", "/console/platforms/{platform}"),
    ("GET", "/console/platforms/{platform}/live"),
    ("GET", "/console/models"),
    ("POST", "/console/models/hello"),
    ("GET", "/console/people"),
    ("POST", "/console/people/role"),
    ("POST", "/console/people/limits"),
    ("POST", "/console/people/pair"),
    ("POST", "/console/people/forget"),
    ("GET", "/console/tokens"),
    ("POST", "/console/tokens"),
    ("POST", "/console/tokens/{token}/revoke"),
    ("GET", "/console/log"),
)
