"""mmectl's commands, and a stand-in of one's own."""
import os
import subprocess

MMECTL = os.environ.get("MMECTL", "build/mmectl")
BUCKET = "sagemaker-us-east-1-123456789012"
MODELS = {  # examples/mme-demo.yaml
    "model_conservative": (25, 2, 0.3),
    "model_balanced": (50, 4, 0.2),
    "model_aggressive": (100, 6, 0.1),
    "model_deep": (50, 8, 0.2),
    "model_fast": (30, 3, 0.4),
}
# What would lead a client elsewhere.
STRAY = [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]


def clean(**more):
    env = {name: value for name, value in os.environ.items() if name not in STRAY}
    return dict(env, AWS_EC2_METADATA_DISABLED="true", AWS_PAGER="", **more)


def run(*words, data=None, env=None, timeout=240):
    done = subprocess.run(words, input=data, capture_output=True, env=env, timeout=timeout)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def first_row():
    with open("examples/data/breast-cancer-validation.csv") as rows:
        return rows.readline().strip().split(",", 1)[1]


def exports(*options):
    """The variables of `mmectl local env`."""
    code, out, err = run(MMECTL, "local", "env", *options)
    assert code == 0, err
    return dict(
        line[len("export "):].replace("'", "").split("=", 1)
        for line in out.splitlines()
        if line.startswith("export ")
    )
