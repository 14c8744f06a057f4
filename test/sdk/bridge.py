"""Calls the methods of Roboflow's own SDK on behalf of the tests: one JSON request a line in, one JSON answer a line out.

The first line written names the SDK's version and the methods of a workspace that have to do with vision events.
"""

import contextlib
import json
import sys
import types

with contextlib.redirect_stdout(sys.stderr):
    import roboflow
    from roboflow.core.workspace import Workspace

# What the SDK would read from the server at login; vision events use nothing of it.
WORKSPACE = {"workspace": {"name": "Test", "projects": [], "members": [], "url": "test"}}


def say(answer):
    print(json.dumps(answer), flush=True)


def call(key, method, args, kwargs):
    result = getattr(Workspace(WORKSPACE, key, "test", "undefined"), method)(*args, **kwargs)
    return list(result) if isinstance(result, types.GeneratorType) else result


say({"version": roboflow.__version__, "methods": [name for name in dir(Workspace) if "vision_event" in name]})
for line in sys.stdin:
    try:
        with contextlib.redirect_stdout(sys.stderr):
            result = call(**json.loads(line))
        say({"result": result})
    except Exception as error:  # whatever the SDK raises is what a test asks about
        say({"error": type(error).__name__, "message": str(error)})
