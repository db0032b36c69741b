"""Whether a release is the one that was published: its files, its tables, its rows, and the ledger."""

from pipeline.verify.verify import Verified, verify

__all__ = ["Verified", "verify"]
