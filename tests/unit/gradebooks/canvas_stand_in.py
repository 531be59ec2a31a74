"""A Canvas of its own on a loopback port: the four endpoints that a push uses, with faults to order.

Written after Canvas's API documentation and its `process_bulk_update`: a batch is a job, worked off later, one student
after the other, mark before comment; who is not enrolled makes the job fail at its end, the others keep what they got.
"""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

TOKEN = "7~s3cretT0kenOfATeacher"  # noqa: S105 - of no Canvas
TEACHER = 900


@dataclass
class Student:
    name: str
    score: float | None = None
    excused: bool = False
    deducted: float = 0
    comments: list[dict] = field(default_factory=list)


@dataclass
class Job:
    data: dict
    polls: int
    state: str = "queued"
    message: str | None = None


class StandIn:
    """`faults` are answered, in turn, in place of requests that match; `hooks` are called when one comes or is done."""

    def __init__(self, students, *, possible=100.0, page=2, polls=1):
        self.students = {number: Student(name) for number, name in students.items()}
        self.assignment = {"id": 207, "name": "Übung 3", "points_possible": possible, "grading_type": "points"}
        self.page, self.polls = page, polls
        self.jobs, self.requests, self.faults, self.hooks = [], [], deque(), {}
        self.fails_after = None
        self._lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def posts(self):
        return [path for method, path in self.requests if method == "POST"]

    # ------------------------------------------------------------------ what Canvas does
    def answer(self, method, path, query, body, headers):
        """Status, headers and object."""
        with self._lock:
            self.requests.append((method, path))
            for at, (pattern, fault) in enumerate(self.faults):
                if re.fullmatch(pattern, f"{method} {path}"):
                    del self.faults[at]
                    return fault
            if headers.get("Authorization") != f"Bearer {TOKEN}":
                return 401, {"WWW-Authenticate": "Bearer"}, {"errors": [{"message": "Invalid access token."}]}
            return self._routed(method, path, query, body)

    def _routed(self, method, path, query, body):
        if not path.startswith("/api/v1/progress/") and not path.startswith("/api/v1/courses/5/assignments/207"):
            return 404, {}, {"errors": [{"message": "The specified resource does not exist."}]}
        if method == "POST":
            self.jobs.append(Job(grades(body), self.polls))
            return 200, {}, self._progress(len(self.jobs))
        if "progress" in path:
            return 200, {}, self._progress(int(path.rpartition("/")[2]), asked=True)
        if path.endswith("/submissions"):
            return self._page(path, int(dict(query).get("page", 1)))
        return 200, {}, self.assignment

    def _page(self, path, number):
        everybody = sorted(self.students)
        shown = everybody[(number - 1) * self.page : number * self.page]
        links = {}
        if number * self.page < len(everybody):
            links["Link"] = f'<{self.url}{path}?page={number + 1}&per_page={self.page}>; rel="next"'
        return 200, links, [self._submission(each) for each in shown]

    def _submission(self, number):
        student = self.students[number]
        score = None if student.score is None else student.score - student.deducted
        return {
            "id": 70000 + int(number),
            "user_id": int(number),
            "assignment_id": 207,
            "entered_score": student.score,
            "score": score,
            "grade": None if score is None else str(score),
            "excused": student.excused,
            "workflow_state": "graded" if student.score is not None else "submitted",
            "submission_comments": student.comments,
            "user": {"id": int(number), "name": student.name},
        }

    def _progress(self, number, *, asked=False):
        job = self.jobs[number - 1]
        if asked and job.state in {"queued", "running"}:
            job.state, job.polls = "running", job.polls - 1
            if job.polls < 0:
                self.work_off(job)
        return {"id": number, "workflow_state": job.state, "message": job.message, "tag": "submissions_update"}

    def work_off(self, job):
        """Do what a job asks for, once, whoever calls."""
        with self._lock:
            if job.state in {"queued", "running"}:
                self._work_off(job)

    def _work_off(self, job):
        missing = []
        for count, (number, given) in enumerate(job.data.items()):
            if self.fails_after is not None and count >= self.fails_after:
                job.state, job.message = "failed", "unexpected error, ID 5000"
                return
            student = self.students.get(number)
            if student is None:
                missing.append(number)
                continue
            if "posted_grade" in given:
                student.score = float(given["posted_grade"])
            if "text_comment" in given:
                comment = {"author_id": TEACHER, "comment": given["text_comment"].replace("\n", "\r\n").rstrip()}
                student.comments.append(comment)
        job.state = "failed" if missing else "completed"
        if missing:
            job.message = f"Couldn't find User(s) with API ids {', '.join(map(repr, missing))}"

    # ------------------------------------------------------------------ HTTP
    def _handler(self):
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10
            disable_nagle_algorithm = True  # head and body are two writes: the second would wait for 40 ms
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                self._answer("GET", b"")

            def do_POST(self):
                self._answer("POST", self.rfile.read(min(int(self.headers["Content-Length"]), 8 << 20)))

            def _answer(self, method, body):
                parts = urlsplit(self.path)
                stand_in.hooks.get(f"before {method}", lambda: None)()
                answer = stand_in.answer(method, parts.path, parse_qsl(parts.query), body.decode(), self.headers)
                stand_in.hooks.get(f"after {method}", lambda: None)()
                if answer is None:  # hang up
                    self.close_connection = True
                    return
                status, headers, content = answer
                data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
                try:
                    self.send_response(status)
                    for name, value in {"Content-Type": "application/json", **headers}.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:  # whoever asked was killed
                    self.close_connection = True

        return Handler


def grades(body):
    """What a form says of whom: {user: {"posted_grade": …, "text_comment": …}}."""
    found = {}
    for name, value in parse_qsl(body, strict_parsing=True, keep_blank_values=True, errors="strict"):
        user, what = re.fullmatch(r"grade_data\[(\d+)\]\[(\w+)\]", name).groups()
        found.setdefault(user, {})[what] = value
    return found
