"""Reports as pages to look at: one for each student, one index for the class.

A page is one file that asks nothing of the network: its style and its script are named by hash in a
Content-Security-Policy that allows nothing else, so that text of a submission that slipped through would still run
nothing. Jinja2 escapes every value; `contourpy` finds the contours. (matplotlib's SVG takes 200 ms a picture, styles
that such a policy refuses, fixed colours, and reads a `matplotlibrc` from the current folder.)
"""

from grader.report.html.index import Row, row_of, to_index
from grader.report.html.page import PageFacts, to_html

__all__ = ["PageFacts", "Row", "row_of", "to_html", "to_index"]
