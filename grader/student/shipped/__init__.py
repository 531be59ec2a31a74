"""Modules that stand in for others in what students install: they need neither the solution nor what draws cases.

`grader.kit.wheel` puts each of them in the other's place.
"""
