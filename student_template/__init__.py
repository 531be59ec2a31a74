"""What students start from: the notebook, the script and examples. The grader imports none of it."""
