#!/usr/bin/python3
"""mmectl against moto's server, an AWS emulator that nobody here wrote: the whole life of a stack as far as moto has it, and a
clear error where it has not. It is also the test of what replaces conditions that an S3 ignores (engine/kinds/conditions.h).

What moto does unlike AWS, each with what mmectl makes of it:
  DeleteObjects ignores the ETags of its keys    found out by the first apply, said once; a HEAD precedes each such delete
  there is no UpdateEndpoint: HTTP 500           told at once, no rollback is claimed, nothing is held against the next run
  training jobs complete without an artifact     the copy's error says which job's output is missing; nothing is published
  there is no DeleteTrainingJob: HTTP 500        destroy says which jobs stay and does not end with 0
  every endpoint answers "body"                  a test of the models fails

TAP. Needs MMECTL and MMECTL_HOME, as from tests/run.sh; skipped with the reason when moto cannot be installed.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.dont_write_bytecode = True

from harness import install
from harness.tap import Tap
from harness.world import BUCKET, MMECTL, MODELS, clean, run

tap = Tap()
SIGNED = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Moto:
    def __init__(self, venv, folder):
        self.url = "http://127.0.0.1:%d" % free_port()
        self.log = os.path.join(folder, "moto.log")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [os.path.join(venv, "bin", "python"), "-m", "moto.server", "-p", self.url.rsplit(":", 1)[1]], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, env=clean(HOME=folder))
        until = time.monotonic() + 120
        while time.monotonic() < until and self.process.poll() is None:
            try:
                urllib.request.urlopen(self.url + "/moto-api/", timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("moto's server does not answer: " + "".join(open(self.log).readlines()[-10:]))

    def get(self, path):
        asked = urllib.request.Request(self.url + path, headers={"Authorization": SIGNED})
        return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=30).read().decode()

    def requests(self):
        """'METHOD path' of every request so far."""
        return re.findall(r'"(?:\x1b\[[0-9;]*m)*([A-Z]+ \S+) HTTP', open(self.log, errors="replace").read())

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


class Stack:
    """A variation of the demo, in a file of its own."""

    def __init__(self, moto, folder, name, **changes):
        self.moto, self.name = moto, name
        self.path = os.path.join(folder, name + ".yaml")
        with open("examples/mme-demo.yaml") as file:
            self.text = file.read().replace("mme-demo", name)
        self.change(**changes)

    def change(self, **changes):
        for field, (old, new) in changes.items():
            pattern = r"(\b%s: )%s\b" % (field, re.escape(old))
            assert re.search(pattern, self.text), field
            self.text = re.sub(pattern, r"\g<1>" + new, self.text)
        with open(self.path, "w") as file:
            file.write(self.text)

    def run(self, *words):
        return run(MMECTL, *words, env=clean(
            AWS_ENDPOINT_URL=self.moto.url, AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY="any",
            AWS_REGION="us-east-1"))

    def expect(self, status, name, *words, out=(), err=(), never=()):
        """A command: its exit status, and what it says."""
        command = [words[0], self.path, *words[1:]]
        if words[0] == "rollback":
            command = [words[0], words[1], "-f", self.path, *words[2:]]
        code, got_out, got_err = self.run(*command)
        missing = [text for text in out if text not in got_out] + [text for text in err if text not in got_err]
        wrong = [text for text in never if text in got_out + got_err]
        tap.check(code == status and not missing and not wrong, name, "exit status %d" % code, "missing: %s" % missing,
                  "wrong: %s" % wrong, got_out[-3000:], got_err[-3000:])


def keys(moto, prefix):
    return sorted(re.findall(r"<Key>([^<]*)</Key>", moto.get("/%s?list-type=2&prefix=%s/" % (BUCKET, prefix))))


def whole_life(moto, folder):
    """backend: local, versioned: a change publishes a model and needs no update of the endpoint."""
    stack = Stack(moto, folder, "mme-moto", backend=("sagemaker", "local"), targetModels=("stable", "versioned"))
    warning = "Warning: this S3 ignores conditional requests"
    stack.expect(2, "plan", "plan", "-detailed-exitcode", out=["Plan: 9 to add, 0 to change, 0 to destroy."])
    stack.expect(0, "apply creates everything, and warns once", "apply", "-auto-approve", err=[warning],
                 out=["Apply complete! Resources: 9 added, 0 changed, 0 destroyed."])
    record = json.loads(moto.get("/%s/mme-moto/control/stack.json" % BUCKET))
    conditions = record.get("conditions")
    tap.check(conditions == {"putIfNoneMatch": True, "putIfMatch": True, "deleteIfMatch": True, "deleteObjectsETag": False},
              "the record says which condition it ignores: that of a batch of deletes", json.dumps(record)[:2000])
    held = [key for key in keys(moto, "mme-moto") if key.startswith("mme-moto/models/")]
    tap.check(len(held) == len(MODELS), "the artifacts are in moto's bucket", held)
    endpoint = subprocess.run(
        ["curl", "-s", "--noproxy", "*", "-X", "POST", moto.url, "-H", "Authorization: " + SIGNED.replace("/s3/", "/sagemaker/"),
         "-H", "X-Amz-Target: SageMaker.DescribeEndpoint", "-H", "Content-Type: application/x-amz-json-1.1",
         "-d", '{"EndpointName": "mme-moto"}'], capture_output=True, text=True).stdout
    tap.check(json.loads(endpoint)["EndpointStatus"] == "InService", "the endpoint is InService at moto's", endpoint)
    stack.expect(0, "a plan has nothing left to do", "plan", "-detailed-exitcode", out=["No changes."])
    stack.expect(0, "an apply of it writes nothing", "apply", "-auto-approve", out=["0 added, 0 changed, 0 destroyed"])
    stack.change(eta=("0.4", "0.35"))
    stack.expect(0, "a changed model is published, without a second warning", "apply", "-auto-approve",
                 out=["Apply complete! Resources: 1 added, 0 changed, 0 destroyed."], never=[warning])
    stack.expect(0, "nothing is left to do", "plan", "-detailed-exitcode", out=["No changes."])
    stack.expect(0, "rollback", "rollback", "model_fast", "-auto-approve", out=["Rollback complete!"])
    stack.expect(0, "status", "status", out=["InService", "model_fast"])
    stack.expect(1, "moto answers no prediction, and the test of the models says so", "test",
                 err=["the answer has 'body' where a number should be"], out=["5 failed"])
    before = len(moto.requests())
    stack.expect(0, "destroy", "destroy", "-auto-approve", out=["Destroy complete! Resources: 9 destroyed."])
    sent = moto.requests()[before:]
    batch = [i for i, one in enumerate(sent) if one.startswith("POST /%s?delete" % BUCKET)]
    looked = [one for one in sent[:batch[0] if batch else 0] if one.startswith("HEAD /%s/mme-moto/models/" % BUCKET)]
    tap.check(len(batch) == 1 and len(looked) == len(MODELS) + 1, "each artifact is looked at before the batch that deletes them", *sent)
    tap.check(keys(moto, "mme-moto") == [], "nothing is left of it", keys(moto, "mme-moto"))


def without_updates(moto, folder):
    """Stable names need UpdateEndpoint, which moto does not have."""
    stack = Stack(moto, folder, "mme-stable", backend=("sagemaker", "local"))
    stack.expect(0, "stable names: apply", "apply", "-auto-approve", out=["Apply complete!"])
    stack.change(eta=("0.4", "0.35"))
    started = time.monotonic()
    stack.expect(3, "an update of the endpoint fails at once, and is not called a rollback", "apply", "-auto-approve",
                 err=["UpdateEndpoint 'mme-stable': HTTP status 500", "hint: AWS would have said why: check the endpoint URL and any proxy"],
                 out=["Apply incomplete"], never=["rolled"])
    tap.check(time.monotonic() - started < 60, "nobody waits minutes for it", time.monotonic() - started)
    stack.expect(2, "it is still to be done", "plan", "-detailed-exitcode", out=["# aws_sagemaker_endpoint.this will be updated in-place"],
                 never=["was tried and rolled back"])
    stack.change(eta=("0.35", "0.4"))
    stack.expect(0, "going back clears up what was made", "apply", "-auto-approve", out=["Apply complete!"])
    stack.expect(0, "and leaves nothing to do", "plan", "-detailed-exitcode", out=["No changes."])
    stack.expect(0, "stable names: destroy", "destroy", "-auto-approve", out=["Destroy complete!"])
    tap.check(keys(moto, "mme-stable") == [], "nothing is left of it, either", keys(moto, "mme-stable"))


def without_training(moto, folder):
    """backend: sagemaker: jobs that complete and have made nothing."""
    stack = Stack(moto, folder, "mme-jobs")
    stack.expect(3, "jobs without artifacts: the error says what is missing", "apply", "-auto-approve",
                 err=["publishing model 'model_fast'", "The specified key does not exist", "/output/model.tar.gz, is not there"],
                 out=["Apply incomplete: 7 added, 0 changed, 0 destroyed, 5 failed, 3 skipped."])
    held = [key for key in keys(moto, "mme-jobs") if "/models/" in key]
    tap.check(held == [], "nothing is published", held)
    stack.expect(3, "jobs that cannot be deleted are named", "destroy", "-auto-approve",
                 err=["deleting training job 'mme-jobs-", "HTTP status 500"], out=["Destroy incomplete"])
    tap.check(keys(moto, "mme-jobs") == [] or all("/control/" in key for key in keys(moto, "mme-jobs")),
              "all else is gone", keys(moto, "mme-jobs"))


def main():
    venv, why = install.python()
    if not venv:
        tap.skip("mmectl against moto's server", why)
        return tap.done()
    folder = tempfile.mkdtemp()
    os.environ.setdefault("MMECTL_HOME", os.path.join(folder, "home"))
    shutil.copytree("examples/data", os.path.join(folder, "data"))
    moto = Moto(venv, folder)
    try:
        for part in (whole_life, without_updates, without_training):
            part(moto, folder)
        tap.note("moto %s" % install.version("moto"))
    finally:
        moto.end()
        shutil.rmtree(folder, ignore_errors=True)
    return tap.done()


sys.exit(main())
