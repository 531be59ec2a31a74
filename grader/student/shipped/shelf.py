"""What the self-check judges with: the stored answers."""

from grader.student.shipped.stock import Stock, stock

__all__ = ["Stock", "stock"]
