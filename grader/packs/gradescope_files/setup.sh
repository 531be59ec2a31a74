#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the autograder. Whatever fails here fails the build.
#
# BPTT_TORCH_INDEX: where torch comes from (empty: from where pip takes everything else); PIP_… variables are pip's own.
# BPTT_PYTHON: the Python to use, 3.10 or later. BPTT_AUTOGRADER, BPTT_HOME: other folders than the usual ones.
set -euo pipefail
umask 022

source=${BPTT_AUTOGRADER:-/autograder}/source
home=${BPTT_HOME:-/opt/bptt-grader}
python=${BPTT_PYTHON:-python3}
torch_index=${BPTT_TORCH_INDEX-https://download.pytorch.org/whl/cpu}

step() { printf '\n== %s\n' "$*"; }
trap 'status=$?; [ "$status" -eq 0 ] || printf "\nsetup.sh: FAILED with status %s: the autograder is not ready\n" "$status"' EXIT

step "Python"
"$python" -c 'import sys; print(sys.version); sys.exit("Python 3.10 or later is needed" if sys.version_info < (3, 10) else 0)'
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q python3-venv
fi
rm -rf -- "$home"
"$python" -m venv "$home/venv"
pip=("$home/venv/bin/python" -m pip --disable-pip-version-check install --no-cache-dir --no-deps --quiet)

step "PyTorch, without CUDA"
"${pip[@]}" ${torch_index:+--index-url "$torch_index"} "$(grep -m 1 '^torch==' "$source/requirements.txt")"

step "the grader and what it needs"
"${pip[@]}" -r "$source/requirements.txt" "$source"/bptt_grader-*.whl
"$home/venv/bin/python" -m pip check

step "an example, graded as a submission will be"
"$source/run_autograder" --check
