"""Labels about evidence."""

from __future__ import annotations

# Names in self-made certificates: whoever opens a token or a seal reads at once that it proves nothing.
DEMO_ROOT = "演示用根证书，不具法律效力"
DEMO_SEAL = "演示用签章，不具法律效力"
DEMO_TIMESTAMP = "演示用时间戳，不具法律效力"
# Along the foot of a drawn seal whose key is a self-made one.
DEMO_MARK = "演示·无效"

LABELS: dict[str, str] = {}
