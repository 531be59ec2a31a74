"""Writes a program into its scratch folder and runs it.

Sign: effect claimed
Stopped by: seccomp, landlock, namespaces
Off: seccomp, landlock, namespaces
Verdict: relu passed
"""

import os
import struct

import torch


def program(text):
    """A program of 200 bytes that prints `text` and ends."""
    code = bytes.fromhex("b801000000bf01000000488d3510000000ba") + len(text).to_bytes(4, "little")
    code += bytes.fromhex("0f05b83c00000031ff0f05") + text
    base = 0x400000
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, base + 120, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    head += struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, 120 + len(code), 120 + len(code), 4096)
    return head + code


try:
    with open("program", "wb") as file:
        file.write(program(b"@claim@"))
    os.chmod("program", 0o755)
    os.execv("./program", ["program"])
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
