"""The few words printed documents build in code: how a statute is cited."""

from __future__ import annotations

from app.domain.statutes import Article
from app.i18n import numerals


def citation(article: Article) -> str:
    """Return ``《中华人民共和国民法典》第九百四十四条``."""
    return f"《{article.instrument}》第{numerals.number(article.number)}条"
