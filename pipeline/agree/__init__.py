"""How far independent annotation passes over the same pages agree: align what they marked, count, measure."""

from pipeline.agree.differences import Difference, compared
from pipeline.agree.evidence import ALL
from pipeline.agree.measure import LEVEL, MEASURES, RESAMPLES, Agreement, agreement

__all__ = ["ALL", "LEVEL", "MEASURES", "RESAMPLES", "Agreement", "Difference", "agreement", "compared"]
