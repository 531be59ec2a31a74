"""The exercise as it was handed out: a script without functions, understood, changed in its tree and run again."""
