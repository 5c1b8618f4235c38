"""Lists: which page of how many, and addresses that keep every filter but what they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

PAGE_SIZE = 50
NEIGHBOURS = 2


@dataclass(frozen=True, slots=True)
class Pager:
    """Where a list stands; pages count from one."""

    path: str
    params: Mapping[str, str | Sequence[str]]
    number: int
    count: int
    size: int = PAGE_SIZE

    @property
    def last(self) -> int:
        """The number of the last page, at least one."""
        return max(1, -(-self.count // self.size))

    @property
    def shown(self) -> list[int]:
        """The page numbers worth a link; 0 stands for a gap."""
        near = range(max(1, self.number - NEIGHBOURS), min(self.last, self.number + NEIGHBOURS) + 1)
        wanted = sorted({1, self.last, *near})
        shown: list[int] = []
        for number in wanted:
            if shown and number > shown[-1] + 1:
                shown.append(0)
            shown.append(number)
        return shown

    def address(self, **changes: object) -> str:
        """Return this list's address with some parameters changed; an empty one is left out."""
        merged = {**self.params, **{key: str(value) for key, value in changes.items()}}
        text = urlencode({key: value for key, value in merged.items() if value not in ("", "None")}, doseq=True)
        return f"{self.path}?{text}" if text else self.path

    def sorted_by(self, column: str) -> str:
        """Return the address that sorts by ``column``, or turns its order round."""
        now = self.params.get("sort", "")
        return self.address(sort=f"-{column}" if now == column else column, page="")

    def aria(self, column: str) -> str:
        """Return what ``aria-sort`` says of a column."""
        now = str(self.params.get("sort", ""))
        return {column: "ascending", f"-{column}": "descending"}.get(now, "none")
