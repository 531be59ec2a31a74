"""Run a program nobody has read, confined, and ask it questions.

`launch` starts the template process (it imports next to nothing, so that a command can start it first
thing); `supervisor.Sandbox` probes what confines it and opens a `Subject` for each program. The package
`inside` runs beside the untrusted code, the rest here in the supervisor.
"""
