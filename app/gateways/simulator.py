"""A payment channel that moves no money: for the demo and for tests, signed and refusing like a real one."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field

from app.domain.errors import Refusal, forbidden
from app.gateways.ports import Paid

FRESH_FOR = dt.timedelta(minutes=5)
METHODS = frozenset({"wechat", "alipay"})


@dataclass(frozen=True, slots=True)
class Simulator:
    """Stands in for WeChat Pay or Alipay; its key lives as long as the process."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    name: str = "simulator"

    def begin(self, *, reference: str, amount_fen: int, subject: str) -> str:
        """Lead to the page that plays the part of the channel."""
        del amount_fen, subject
        return f"/my/simulator/{reference}"

    def callback(
        self, *, reference: str, amount_fen: int, at: dt.datetime, event_id: str = "", method: str = "wechat"
    ) -> tuple[bytes, str]:
        """Return body and signature of what the channel would send."""
        said = {
            "event_id": event_id or f"sim-{reference}",
            "reference": reference,
            "amount_fen": amount_fen,
            "method": method,
            "status": "paid",
            "at": at.isoformat(),
        }
        body = json.dumps(said).encode()
        return body, self.signature(body)

    def signature(self, body: bytes) -> str:
        """Return the signature of a body."""
        return hmac.new(self.key, body, hashlib.sha256).hexdigest()

    def read(self, *, body: bytes, signature: str, at: dt.datetime) -> Paid:
        """Return what a callback says.

        Raises:
            Refusal: ``payment_gateway.signature``, ``payment_gateway.too_old``, ``payment_gateway.unreadable``.

        """
        if not hmac.compare_digest(self.signature(body).encode(), signature.encode()):
            raise forbidden("payment_gateway.signature")
        try:
            said = json.loads(body)
            sent_at = dt.datetime.fromisoformat(said["at"])
            amount, method = said["amount_fen"], str(said["method"])
            paid = Paid(
                str(said["event_id"])[:80], str(said["reference"])[:40], amount, method, said["status"] == "paid"
            )
        except (ValueError, TypeError, KeyError) as error:
            raise Refusal("payment_gateway.unreadable") from error
        if type(amount) is not int or not 0 < amount < 2**53 or method not in METHODS or sent_at.tzinfo is None:
            raise Refusal("payment_gateway.unreadable")
        if abs(at - sent_at) > FRESH_FOR:
            raise forbidden("payment_gateway.too_old")
        return paid
