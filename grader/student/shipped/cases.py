"""The case bank: what is asked, and what is right. Here cases are read, never drawn."""

from grader.cases.bank import Case, CaseBank, CheckCases, Part, PropertyCases

__all__ = ["Case", "CaseBank", "CheckCases", "Part", "PropertyCases"]
