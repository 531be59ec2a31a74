"""The grader as other platforms install and run it."""
