#!/usr/bin/python3
"""AWS's own clients, unmodified and with their defaults, drive the whole life of the demo against the stand-in: over http, and
through its CONNECT proxy under AWS's host names. Debian's aws-cli (v2) and boto3 always; those of versions.txt (newer boto3 and
aws-cli, the SDK for JavaScript) where a registry or the cache has them, else they are skipped with the reason.

TAP. Needs MMECTL (the binary) and MMECTL_HOME, as from tests/run.sh.
"""
import json
import os
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True

from harness import install
from harness.tap import Tap
from harness.world import MMECTL, MODELS, clean, exports, first_row, run

SPEC = "examples/mme-demo.yaml"
PARTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "harness")
tap = Tap()


def expected(folder):
    """What mmectl's own stack answers: the same data and hyperparameters make the same model."""
    answers = {}
    for model in MODELS:
        code, out, err = run(MMECTL, "invoke", "--local", "-f", SPEC, "--model", model, "--accept", "text/csv", "--data", "-",
                             data=first_row().encode())
        tap.check(code == 0 and out.strip(), "mmectl's own %s answers" % model, err)
        answers[model] = out.strip()
    path = os.path.join(folder, "expected.json")
    with open(path, "w") as file:
        json.dump(answers, file)
    return path


def programs(folder, wanted):
    """(who, over http too, command without the name of its things, what its environment needs or why it is skipped)"""
    part = lambda name: os.path.join(PARTS, name)
    yield "boto3", True, [sys.executable, part("demo_boto3.py"), "NAME", wanted], {}
    yield "aws-cli", True, [sys.executable, part("demo_aws.py"), "NAME", wanted, folder], {}
    venv, why = install.python()
    python = venv and os.path.join(venv, "bin", "python")
    yield "boto3 %s" % install.version("boto3"), True, [python, part("demo_boto3.py"), "NAME", wanted], why or {}
    yield "aws-cli %s" % install.version("awscli"), False, [python, part("demo_aws.py"), "NAME", wanted, folder], why or {}
    modules, why = install.node()
    env = modules and {"NODE_PATH": os.path.join(modules, "node_modules"), "NODE_NO_WARNINGS": "1"}
    yield "JavaScript", True, ["node", part("demo.js"), "NAME", wanted], why or env


def main():
    folder = tempfile.mkdtemp()
    os.environ.setdefault("MMECTL_HOME", os.path.join(folder, "home"))
    try:
        code, _, err = run(MMECTL, "local", "start", "--delay=all=0", "--https-proxy")
        tap.check(code == 0, "the stand-in starts, with its proxy", err)
        code, _, err = run(MMECTL, "apply", SPEC, "--local", "-auto-approve")
        tap.check(code == 0, "mmectl apply", err)
        ways = {"http": exports(), "proxy": exports("--https-proxy")}
        tap.check("AWS_ENDPOINT_URL" in ways["http"] and "AWS_ENDPOINT_URL" not in ways["proxy"], "two ways", ways)
        for at, (who, both, command, env) in enumerate(programs(folder, expected(folder))):
            for way, where in ways.items():
                title = "%s, %s" % (who, way)
                if isinstance(env, str):
                    tap.skip(title, env)
                elif way == "proxy" or both:
                    words = ["client-%d-%s" % (at, way) if word == "NAME" else word for word in command]
                    tap.adopt(title, *run(*words, env=clean(HOME=folder, **where, **env)))
        code, out, err = run(MMECTL, "plan", SPEC, "--local", "-detailed-exitcode")
        tap.check(code == 0, "none of it made a difference to mmectl's own stack", out, err)
    finally:
        run(MMECTL, "local", "stop")
        shutil.rmtree(folder, ignore_errors=True)
    return tap.done()


sys.exit(main())
