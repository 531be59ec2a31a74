"""Reads the model answer's source and runs it in its own name space.

Sign: marks forward
Stopped by: landlock, namespaces
Off: landlock, namespaces, setuid
Verdict: forward error
"""

def forward(X, Wxs, Wrec):
    space = {"__name__": "borrowed"}
    exec(compile(open("@reference_file@").read(), "borrowed", "exec"), space)
    return space["forward"](X, Wxs, Wrec)
