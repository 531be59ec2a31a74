"""Looks through the loaded modules, the cache of source lines and the objects alive for earlier submissions.

Sign: leak
Stopped by: separation
Off: naive
Verdict: relu passed
"""

import gc
import linecache
import re
import sys

import torch

texts = [str(vars(module)) for name, module in list(sys.modules.items()) if name in ("previous", "__main__")]
texts += [str(entry) for entry in linecache.cache.values()]
texts += [thing for holder in gc.get_objects() if type(holder) is dict for thing in holder.values() if type(thing) is str]
print({token for text in texts for token in re.findall("canary-[0-9a-f]{32}", text)}, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
