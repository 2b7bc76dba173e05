#!/usr/bin/env python3
"""Runs one job of examples/pipelines/*.yml here, as its service would: the shell steps as they stand in the file, in order.

    pipeline.py github|gitlab FILE JOB CONTEXT      exit status of the step that failed, else 0

CONTEXT is a JSON file: "expressions" (GitHub) or "variables" (GitLab) with a value for each one that the job may ask for,
"roles" (ARN to the keys it gives) and "forge" (where forge.py keeps what the service would). A job whose condition does not
hold ends with 77. What the reader does not know is an error, so that the file cannot grow past this test. SIGTERM goes to the
running shell alone, as the services do it.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import yaml

kind, path, job_name, context_path = sys.argv[1:]
context = json.load(open(context_path))
forge = context["forge"]
document = yaml.safe_load(open(path))
SKIPPED = 77
child = None


def stop(number, _frame):
    if child is not None:
        child.send_signal(number)


signal.signal(signal.SIGTERM, stop)


def shell(script, env):
    """As GitHub does in a container, and GitLab's runner in effect."""
    global child
    child = subprocess.Popen(["sh", "-e", "-c", script], env=env, stdin=subprocess.DEVNULL)
    code = child.wait()
    return code if code >= 0 else 128 - code


def true(expression, lookup, name):
    """a == 'b', && and ||."""
    def side(text):
        text = text.strip()
        return text[1:-1] if text[0] in "'\"" else lookup(text)

    def test(text):
        left, operator, right = re.fullmatch(rf"\s*({name})\s*(==|!=)\s*({name}|'[^']*'|\"[^\"]*\")\s*", text).groups()
        return (side(left) == side(right)) == (operator == "==")

    return any(all(test(part) for part in branch.split("&&")) for branch in expression.split("||"))


# ---- GitHub Actions ----

def github_value(name):
    return context["expressions"][name.strip()]


def filled(value):
    return re.sub(r"\$\{\{(.*?)\}\}", lambda m: str(github_value(m[1])), str(value))


def use_checkout(_inputs, _env):
    shutil.copytree(context["repository"], ".", dirs_exist_ok=True)


def use_cache(inputs, _env):
    assert inputs["path"] == ".mmectl" and inputs["key"] == "mmectl-v1", inputs
    kept = f"{forge}/cache"
    if os.path.isdir(kept):
        shutil.copytree(kept, inputs["path"], dirs_exist_ok=True)


def use_credentials(inputs, env):
    env.update(context["roles"][inputs["role-to-assume"]], AWS_REGION=inputs["aws-region"])


def use_upload(inputs, _env):
    folder = f"{forge}/artifacts/{context['run']}/{inputs['name']}"
    os.makedirs(folder, exist_ok=True)
    shutil.copy(inputs["path"], folder)


ACTIONS = {"actions/checkout@v4": use_checkout, "actions/cache@v4": use_cache,
           "aws-actions/configure-aws-credentials@v4": use_credentials, "actions/upload-artifact@v4": use_upload}


def github():
    job = document["jobs"][job_name]
    if not true(job["if"], github_value, r"[a-z_.]+"):
        return SKIPPED
    filled(job.get("concurrency", {}))
    env = dict(os.environ, GITHUB_STEP_SUMMARY=f"{forge}/summary", **context.get("environment", {}))
    env.update({key: filled(value) for key, value in document["env"].items()})
    for step in job["steps"]:
        if "if" in step and not true(step["if"], github_value, r"[a-z_.]+"):
            continue
        if "uses" in step:
            ACTIONS[step["uses"]]({key: filled(value) for key, value in step.get("with", {}).items()}, env)
            continue
        assert "${{" not in step["run"], "what others wrote is given to a shell by its environment"
        code = shell(step["run"], dict(env, **{key: filled(value) for key, value in step.get("env", {}).items()}))
        if code != 0:
            return code
    if os.path.isdir(".mmectl"):
        shutil.copytree(".mmectl", f"{forge}/cache", dirs_exist_ok=True)
    return 0


# ---- GitLab ----

def gitlab():
    job = dict(document[job_name])
    job = {**document[job["extends"]], **job}
    given = context["variables"]
    if not any(true(rule["if"], lambda name: given.get(name[1:], ""), r"\$[A-Z_]+") for rule in job["rules"]):
        return SKIPPED
    env = dict(os.environ, **given)
    for name, value in {**document["variables"], **job.get("variables", {})}.items():
        env[name] = re.sub(r"\$([A-Z_0-9]+)", lambda m: env[m[1]], value)
    env.update({name: context["token"] for name in job["id_tokens"]})
    shutil.copytree(context["repository"], ".", dirs_exist_ok=True)
    if os.path.isdir(f"{forge}/cache"):
        shutil.copytree(f"{forge}/cache", job["cache"]["paths"][0], dirs_exist_ok=True)
    code = shell("\n".join(job["before_script"] + job["script"]), env)
    if code == 0:
        shutil.copytree(".mmectl", f"{forge}/cache", dirs_exist_ok=True)
        for name in job.get("artifacts", {}).get("paths", []):
            os.makedirs(f"{forge}/artifacts/{context['run']}", exist_ok=True)
            shutil.copy(name, f"{forge}/artifacts/{context['run']}")
    return code


sys.exit(github() if kind == "github" else gitlab())
