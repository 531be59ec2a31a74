"""The pictures of a training, and what they say where it cannot be drawn."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from html_samples import START, T, X, loss, training_path

from grader.report.html import charts
from grader.report.html.axes import Axis, ticks
from grader.report.html.charts import draw_losses, draw_ways
from grader.result import Walk


def places(curve):
    return [tuple(map(float, pair.split(","))) for pair in curve.points.split()]


def test_the_surface_is_the_loss_of_the_exercise():
    wxs, wrec = np.array([[0.3, 1.0], [-0.5, 1.7]]), np.array([[0.9, 1.0], [0.2, -0.8]])
    expected = [[loss(a, b) for a, b in zip(*rows, strict=True)] for rows in zip(wxs, wrec, strict=True)]
    np.testing.assert_allclose(charts._loss(X, T, wxs, wrec), expected, rtol=1e-12, atol=1e-12)


def test_the_contours_close_in_on_the_smallest_loss():
    drawn = draw_ways(training_path())
    boxes = []
    for band in drawn.bands:
        numbers = [float(number) for number in band.replace("M", " ").replace("Z", " ").split()]
        boxes.append((min(numbers[::2]), max(numbers[::2]), min(numbers[1::2]), max(numbers[1::2])))
    widths = [right - left for left, right, _, _ in boxes]
    assert len(boxes) == 7
    assert widths == sorted(widths, reverse=True)
    left, right, top, bottom = boxes[-1]
    assert left < drawn.frame.x.at(1.0) < right
    assert top < drawn.frame.y.at(1.0) < bottom


def test_both_ways_begin_at_the_start_and_the_right_one_ends_at_the_solution():
    drawn = draw_ways(training_path("frozen"))
    start = (drawn.frame.x.at(START[0]), drawn.frame.y.at(START[1]))
    assert drawn.yours.start == drawn.right.start == pytest.approx(start)
    assert drawn.right.end == pytest.approx((drawn.frame.x.at(1.0), drawn.frame.y.at(1.0)), abs=3)
    assert drawn.yours.end[1] == pytest.approx(start[1])


def test_the_contours_of_one_exercise_are_found_once():
    charts._bands.cache_clear()
    for kind in ("right", "sequential", "sequential"):
        draw_ways(training_path(kind))
    assert charts._bands.cache_info().misses == 1


def test_weights_that_run_away_leave_the_picture_and_that_is_said():
    path = training_path()
    away = replace(path, yours=Walk(tuple((0.4 - 10.0**i, 0.65) for i in range(40)), path.yours.losses))
    drawn = draw_ways(away)
    assert drawn.note == "Your weights leave the picture by update 1."
    assert all(abs(x) <= 20000 and abs(y) <= 20000 for x, y in places(drawn.yours))
    assert "leave" not in draw_ways(path).note


def test_weights_and_losses_that_are_no_numbers_end_the_line():
    path = training_path("nan")
    assert draw_ways(path).note == "From update 21 on your weights are no finite numbers."
    assert draw_losses(path).note == "From update 20 on your loss is no finite number."
    assert not any(math.isnan(x) or math.isnan(y) for x, y in places(draw_ways(path).yours))


def test_a_training_that_gave_nothing_is_said_to():
    path = training_path("empty")
    assert draw_losses(path).note == "Your training gave no losses back."
    assert draw_losses(path).yours.points == ""
    assert "no weights" in draw_ways(path).note


def test_nothing_is_drawn_without_a_right_solution():
    path = replace(training_path(), right=Walk((), ()))
    assert (draw_losses(path), draw_ways(path)) == (None, None)


def test_a_loss_that_falls_far_is_drawn_by_its_powers_of_ten_and_a_steady_one_is_not():
    path = training_path()
    assert draw_losses(path).scale == "logarithmic"
    steady = Walk(path.right.weights, (2.0, 1.9, 1.8))
    assert draw_losses(replace(path, yours=steady, right=steady)).scale == "linear"


def test_a_loss_of_exactly_zero_can_be_drawn():
    path = training_path()
    zero = Walk(path.right.weights, (*path.right.losses[:20], 0.0))
    assert all(math.isfinite(y) for _, y in places(draw_losses(replace(path, yours=zero, right=zero)).yours))
    none = Walk(path.right.weights, (0.0, 0.0))
    assert draw_losses(replace(path, yours=none, right=none)).scale == "linear"


def test_a_loss_that_explodes_does_not_flatten_the_right_one():
    path = training_path()
    wild = Walk(path.yours.weights, tuple(20.0 * 10.0**i for i in range(30)))
    drawn = draw_losses(replace(path, yours=wild))
    assert drawn.frame.y.high <= 1000 * max(path.right.losses)
    assert "is above the picture" in drawn.note


def test_a_flat_loss_has_no_contours_and_no_error():
    dark = replace(training_path(), X=((0.0,),), T=((0.0,),))
    assert draw_ways(dark).bands == ()


def test_round_numbers_stand_beside_an_axis():
    assert ticks(0, 7) == (0, 2, 4, 6)
    axis = Axis(1e-4, 100.0, 300.0, 0.0, log=True)
    assert [label for _, label in axis.marks] == ["0.0001", "0.01", "1", "100"]
    assert axis.at(0.1) == pytest.approx(150.0)
