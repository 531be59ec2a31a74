collect_ignore = ["run.py"]  # a command, not a module: others of its name lie elsewhere
