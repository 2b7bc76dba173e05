"""Carries out the steps of a Dockerfile without Docker, in roots made by debootstrap, and tries the result as SageMaker would.

usage: image.py DOCKERFILE WORK BINARY|- BASE.tar      prints one TAP line per fact, and `done`

BASE.tar is a minimal Debian 12. With a BINARY, the first stage is not carried out and what is copied from it is that file;
with "-" everything is built as it stands there. Understands the instructions of engine/serve/Dockerfile and no others.
Needs root: each RUN has a mount namespace of its own, with /proc and /dev in it.
"""
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

DOCKERFILE, WORK, BINARY, BASE = sys.argv[1:5]
TOP = os.getcwd()
BASE_IMAGE = "debian:12-slim"


def check(good, name, got=""):
    print(("ok - " if good else "not ok - ") + name)
    if not good:
        print("got: %s" % (got,))
    sys.stdout.flush()


def instructions(path):
    text = "".join(line for line in open(path) if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n", " ", text).split("\n"):
        if line.strip():
            word, rest = line.split(None, 1)
            yield word, rest.strip()


def entering(root, directory, user, environment, command):
    """A command line that runs `command` in the root."""
    drop = "setpriv --reuid=%s --regid=%s --clear-groups " % (user, user) if user else ""
    script = ("mount --bind {r} {r} && mount -t proc proc {r}/proc && mount --rbind /dev {r}/dev && exec chroot {r} "
              "/usr/bin/env -i {e} {d}/bin/sh -c {c}").format(
        r=shlex.quote(root), d=drop, c=shlex.quote("cd %s && %s" % (shlex.quote(directory), command)),
        e=" ".join(shlex.quote("%s=%s" % pair) for pair in environment.items()))
    return ["unshare", "-m", "--propagation", "private", "sh", "-c", script]


class Stage:
    def __init__(self, name, number):
        self.name, self.number = name, number
        self.root = os.path.join(WORK, "stage%d" % number)
        self.directory, self.user, self.command, self.entry = "/", None, [], []
        self.labels, self.ports = {}, []
        self.environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        subprocess.run(["rm", "-rf", "--one-file-system", self.root], check=True)
        os.makedirs(self.root)
        subprocess.run(["tar", "-xf", BASE, "-C", self.root], check=True)

    def run(self, command):
        done = subprocess.run(
            entering(self.root, self.directory, self.user, {**self.environment, "DEBIAN_FRONTEND": "noninteractive"}, command),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            sys.exit("RUN %s\n%s" % (command, done.stdout.decode(errors="replace")[-3000:]))

    def place(self, path):
        return self.root + os.path.join(self.directory, path)


def ignored(path):
    rules = [line.strip() for line in open(DOCKERFILE + ".dockerignore") if line.strip()]
    return any(path == rule or path.startswith(rule + "/") for rule in rules)


def copy(stage, stages, words):
    source_root = TOP
    if words[0].startswith("--from="):
        source = stages[words.pop(0)[len("--from="):]]
        if source is None:
            words[0] = "/" + os.path.basename(BINARY)
            source_root = os.path.dirname(BINARY)
        else:
            source_root = source.root
    source, target = source_root + "/" + words[0].lstrip("/"), stage.place(words[1])
    if words[0] == ".":
        for folder, folders, files in os.walk(TOP):
            inside = os.path.relpath(folder, TOP)
            folders[:] = [f for f in folders if not ignored(os.path.normpath(os.path.join(inside, f)))]
            os.makedirs(os.path.join(target, inside), exist_ok=True)
            for file in (f for f in files if not ignored(os.path.normpath(os.path.join(inside, f)))):
                shutil.copy2(os.path.join(folder, file), os.path.join(target, inside, file), follow_symlinks=False)
        return
    if words[1].endswith("/"):
        os.makedirs(target, exist_ok=True)
        target = os.path.join(target, os.path.basename(source))
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy2(source, target)


def build():
    stages, stage, number, skipping = {}, None, 0, False
    for word, rest in instructions(DOCKERFILE):
        if word == "FROM":
            words = rest.split()
            if words[0] != BASE_IMAGE:
                sys.exit("FROM %s: only %s is here" % (words[0], BASE_IMAGE))
            number += 1
            name = words[2] if len(words) == 3 and words[1] == "AS" else str(number)
            skipping = BINARY != "-" and number == 1
            stages[name] = stage = None if skipping else Stage(name, number)
        elif skipping:
            continue
        elif word == "RUN":
            stage.run(rest)
        elif word == "COPY":
            copy(stage, stages, shlex.split(rest))
        elif word == "WORKDIR":
            stage.directory = rest
            os.makedirs(stage.place("."), exist_ok=True)
        elif word in ("LABEL", "ENV"):
            key, value = shlex.split(rest)[0].split("=", 1)
            (stage.labels if word == "LABEL" else stage.environment)[key] = value
        elif word == "USER":
            stage.user = rest
        elif word == "EXPOSE":
            stage.ports.append(rest)
        elif word == "ENTRYPOINT":
            stage.entry = json.loads(rest)
        elif word == "CMD":
            stage.command = json.loads(rest)
        else:
            sys.exit("%s is no instruction that is known here" % word)
    return stage, number


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, method, path, body=None, kind="application/json"):
    request = urllib.request.Request("http://127.0.0.1:%d%s" % (port, path), body, {"Content-Type": kind}, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status, answer.read()


def child_of(pid):
    """`unshare` and `chroot` become what they run, so that the process is the one that was started."""
    with open("/proc/%d/status" % pid) as status:
        return next(line.split()[1] for line in status if line.startswith("Uid"))


def as_sagemaker(stage):
    """docker run IMAGE serve, with a model where SageMaker unpacks it; SIGTERM in the end."""
    model = "/opt/ml/models/0a1b/model"
    os.makedirs(stage.root + model)
    sys.path.insert(0, os.path.join(TOP, "tests/parity"))
    import xgb
    matrix = xgb.Matrix.dense([[1.0, 2.0], [2.0, 1.0], [3.0, 4.0], [4.0, 3.0]])
    matrix.set("label", [0.0, 1.0, 0.0, 1.0])
    booster = xgb.Booster([matrix])
    booster.set(objective="reg:squarederror")
    booster.update(0, matrix)
    with open(stage.root + model + "/xgboost-model", "wb") as file:
        file.write(booster.save("ubj"))
    wanted = json.dumps(booster.predict(xgb.Matrix.dense([[1.5, 2.5]]))).encode()
    port = free_port()
    environment = {**stage.environment, "SAGEMAKER_MULTI_MODEL": "true", "SAGEMAKER_BIND_TO_PORT": str(port)}
    command = " ".join(shlex.quote(word) for word in stage.entry + ["serve"])
    process = subprocess.Popen(entering(stage.root, "/", stage.user, environment, "exec " + command),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        line = process.stdout.readline().decode()
        check(line.strip().endswith(":%d" % port), "`docker run IMAGE serve` listens to SAGEMAKER_BIND_TO_PORT", line)
        check(child_of(process.pid) == "10001", "as a user of its own", child_of(process.pid))
        check(json.loads(ask(port, "GET", "/models")[1]) == {"models": []}, "GET /models is there at once")
        check(ask(port, "GET", "/ping")[0] == 200, "GET /ping is 200")
        order = json.dumps({"model_name": "0a1b", "url": model}).encode()
        check(ask(port, "POST", "/models", order)[0] == 200, "a model is loaded from where SageMaker puts it")
        got = ask(port, "POST", "/models/0a1b/invoke", b"1.5,2.5", "text/csv")
        check(got == (200, wanted), "and answers what libxgboost says", (got, wanted))
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        check(process.wait(10) == 0 and time.monotonic() - begun < 5, "SIGTERM ends it within five seconds")
    finally:
        if process.poll() is None:
            process.kill()
        process.stdout.close()


sys.dont_write_bytecode = True
stage, count = build()
check(count == 2, "there are two stages", count)
check(stage.labels == {"com.amazonaws.sagemaker.capabilities.multi-models": "true",
                       "com.amazonaws.sagemaker.capabilities.accept-bind-to-port": "true"},
      "the image has the labels that SageMaker asks for", stage.labels)
check(stage.user not in (None, "root", "0"), "it does not run as root", stage.user)
check(stage.ports == ["8080"], "it exposes 8080", stage.ports)
check(stage.entry == ["/usr/local/bin/mmectl"] and stage.command == ["serve"],
      "`serve` is what it does, with and without the word", (stage.entry, stage.command))
check(not os.path.exists(stage.root + "/usr/bin/cc") and not os.path.exists(stage.root + "/src"), "no compiler, no source")
as_sagemaker(stage)
size = int(subprocess.run(["du", "-sxm", stage.root], stdout=subprocess.PIPE, check=True).stdout.split()[0])
check(size < 400, "it is slim: %d MiB unpacked" % size, size)
subprocess.run(["rm", "-rf", "--one-file-system", WORK + "/stage1", WORK + "/stage2"], check=True)
print("done")
