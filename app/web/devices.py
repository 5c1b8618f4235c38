"""Sign-ins as people tell them apart: which program on which machine, from where and when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from app.i18n import zh_cn
from app.store.sessions import SignedIn

# The first that fits counts: every browser also claims to be the ones before it.
_PROGRAMS = (
    ("MicroMessenger", "wechat"),
    ("DingTalk", "dingtalk"),
    ("QQBrowser", "qqbrowser"),
    ("360SE", "browser_360"),
    ("Edg", "edge"),
    ("Firefox", "firefox"),
    ("Chrome", "chrome"),
    ("Safari", "safari"),
)
_MACHINES = (
    ("Android", "android"),
    ("iPhone", "iphone"),
    ("iPad", "ipad"),
    ("HarmonyOS", "harmony"),
    ("Windows", "windows"),
    ("Mac OS", "mac"),
    ("Linux", "linux"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One sign-in in a list."""

    id: int
    device: str
    ip: str
    created_at: dt.datetime
    seen_at: dt.datetime
    is_this: bool


def words(agent: str) -> str:
    """Return what a browser says of itself in the words of the office: ``Windows 电脑 · Chrome``."""
    machine = next((name for sign, name in _MACHINES if sign in agent), "other")
    program = next((name for sign, name in _PROGRAMS if sign in agent), "other")
    return " · ".join(zh_cn.LABELS[key] for key in (f"machine.{machine}", f"program.{program}"))


def line(item: SignedIn, *, is_this: bool = False) -> Line:
    """Return a session as its list shows it."""
    return Line(item.id, words(item.agent), item.ip, item.created_at, item.seen_at, is_this)
