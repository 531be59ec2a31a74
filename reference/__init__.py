"""The model answer: `rnn` in PyTorch, `exact` in any numbers, `bounds` for what lies between them.

Nothing is imported here: `exact` and `bounds` need no PyTorch, and whoever wants only them should not wait for it.
"""
