#!/usr/bin/env python3
"""Kills mmectl with SIGKILL at random moments of random commands, and looks at what the next one makes of it.

    kills.py KILLS SEED      the stand-in that MMECTL_HOME names runs; prints what was wrong; exit 1 when anything was

One walk through the states of a stack: its spec changes (hyperparameters, models in and out, mode, instance, environment,
backend, artifacts of the user's own), it is rolled back, destroyed and made again. A command of the walk is killed at a
moment drawn between nothing and the time it usually takes; then the same command, or sometimes another one, runs to its end.
The last tenth are imports of an endpoint that somebody else made.

After the kill      nothing foreign has changed; an endpoint that served still has its config, its model and every artifact
                    that the record tells callers of
After the next run  its exit status is 0; the plan is empty; nothing of the stack's is there that neither the record nor the
                    endpoint knows; nothing foreign has changed; after destroy nothing of the stack's is there at all
Foreign are a second stack beside it in the same bucket, an object under the stack's own prefix and one among its models.
"""
import json
import os
import random
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import call  # noqa: E402

KILLS, SEED = int(sys.argv[1]), int(sys.argv[2])
MMECTL = os.environ["MMECTL"]
WORK = os.environ["T"]
DATA = os.path.abspath("examples/data")
BUCKET, STACK, SIBLING, IMPORTED = "kills-bucket", "kills", "kills-b", "taken"
FOREIGN_KEYS = [f"{STACK}/notes.txt", f"{STACK}/models/theirs.bin", f"{SIBLING}-notes.txt"]
COMMANDS = subprocess.run([MMECTL, "help"], capture_output=True, text=True).stdout
draw = random.Random(SEED)
bad = []


def say(text):
    print(f"# {text}", flush=True)


# ---- specs ----

FIRST = {"models": {"a": 0.1, "b": 0.2, "c": 0.3}, "mode": "stable", "instance": "ml.m5.large", "env": 0,
         "backend": "sagemaker", "own": None}


def spec_text(state, stack=STACK):
    lines = ["apiVersion: mmectl/v1", "kind: MultiModelEndpoint", f"metadata: {{name: {stack}}}", "spec:",
             "  region: us-east-1", "  role: arn:aws:iam::123456789012:role/R",
             f"  storage: {{bucket: {BUCKET}, prefix: {stack}}}",
             "  training:", f"    backend: {state['backend']}",
             '    algorithm: {name: xgboost, version: "1.7-1"}', "    instance: {type: ml.m5.large, count: 1}",
             "    channels:", f"      train: {{source: {DATA}/breast-cancer-train.csv, contentType: text/csv}}",
             "    hyperparameters: {objective: binary:logistic, eval_metric: auc, num_round: 3}", "  models:"]
    lines += [f"    - {{name: {name}, hyperparameters: {{eta: {eta}}}}}" for name, eta in state["models"].items()]
    if state["own"]:
        lines.append(f"    - {{name: own, artifact: {state['own']}}}")
    lines += ["  endpoint:", f"    targetModels: {state['mode']}", f"    instance: {{type: {state['instance']}, count: 1}}",
              f"    container: {{environment: {{STEP: \"{state['env']}\"}}}}"]
    return "\n".join(lines) + "\n"


def mutated(state):
    new = dict(state, models=dict(state["models"]))
    kind = draw.choice(["change", "change", "add", "remove", "all", "mode", "instance", "env", "backend", "own", "same"])
    names = list(new["models"])
    if kind == "change":
        new["models"][draw.choice(names)] = draw.randint(1, 9) / 10
    elif kind == "add":
        new["models"][draw.choice("defg")] = draw.randint(1, 9) / 10
    elif kind == "remove" and len(names) > 1:
        del new["models"][draw.choice(names)]
    elif kind == "all":
        new["models"] = {name: draw.randint(1, 9) / 10 for name in names}
    elif kind == "mode":
        new["mode"] = "versioned" if state["mode"] == "stable" else "stable"
    elif kind == "instance":
        new["instance"] = "ml.m5.xlarge" if state["instance"] == "ml.m5.large" else "ml.m5.large"
    elif kind == "env":
        new["env"] = state["env"] + 1
    elif kind == "backend":
        new["backend"] = "local" if state["backend"] == "sagemaker" else "sagemaker"
    elif kind == "own":
        new["own"] = None if state["own"] else draw.choice(OWN)
    return kind, new


def spec_file(state, stack=STACK):
    path = f"{WORK}/{stack}.yaml"
    with open(path, "w") as out:
        out.write(spec_text(state, stack))
    return path


# ---- running ----

usual_ms = {}  # of each kind of command, from the runs that nobody killed


def start(words, log):
    return subprocess.Popen([MMECTL, *words, "--local"], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)


def finish(words):
    with open(f"{WORK}/finished", "w+") as log:
        begin = time.monotonic()
        code = start(words, log).wait(timeout=120)
        took = (time.monotonic() - begin) * 1000
        log.seek(0)
        return code, took, log.read()


def killed(words, after_ms):
    """Whether the command was still at work then."""
    with open(f"{WORK}/killed", "w") as log:
        process = start(words, log)
        try:
            process.wait(timeout=after_ms / 1000)
            return False
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return True


# ---- looking ----

def ours(name):
    return re.match(rf"{STACK}-[a-z2-7]{{8}}-[mct]-", name) is not None


def foreign_lines(world):
    lines = call.describe(world).decode().splitlines()
    keep = [line for line in lines if any(f"/{key} " in line for key in FOREIGN_KEYS) or
            re.search(rf"(^|[ /]){SIBLING}([-/ ]|$)", line)]
    return [line for line in keep if "TrainingJobs" not in line]


class View:
    def __init__(self):
        self.world = call.world()
        bucket = [b for b in self.world["buckets"] if b["name"] == BUCKET][0]
        self.keys = [o["key"] for o in bucket["objects"] if o["key"].startswith(STACK + "/") and o["key"] not in FOREIGN_KEYS]
        self.uploads = [u for u in bucket["uploads"] if f"{STACK}/" in json.dumps(u)]
        self.things = {kind: {t["name"]: t for t in self.world.get(kind, []) if ours(t["name"])}
                       for kind in ("models", "endpointConfigs", "trainingJobs")}
        self.endpoint = next((e for e in self.world.get("endpoints", []) if e["name"] == STACK), None)
        self.record = call.s3("get", f"{BUCKET}/{STACK}/control/stack.json").decode() \
            if f"{STACK}/control/stack.json" in self.keys else ""

    def live_model(self):
        """Name of the SageMaker model behind the endpoint, None when something of the chain is missing."""
        config = self.things["endpointConfigs"].get(self.endpoint["config"])
        name = config and config["request"]["ProductionVariants"][0]["ModelName"]
        return name if name in self.things["models"] else None


def check_serving(view, where):
    """Whatever served still can: config, model, and every artifact that callers are told of."""
    if view.endpoint is None or view.endpoint["status"] not in ("InService", "Updating"):
        return
    if view.live_model() is None:
        bad.append(f"{where}: the endpoint's config or model is gone")
    for name, model in json.loads(view.record).get("models", {}).items() if view.record else []:
        key = model.get("key")
        if key and key not in view.keys:
            bad.append(f"{where}: the record sends callers of '{name}' to {key}, which is gone")


def check_orphans(view, where):
    live = view.live_model() if view.endpoint else None
    if live is None:
        bad.append(f"{where}: no endpoint with its config and model")
        return
    home = view.things["models"][live]["request"]["PrimaryContainer"]["ModelDataUrl"]
    for kind in ("models", "endpointConfigs"):
        for name in view.things[kind]:
            if name not in (live, view.endpoint["config"]) and name not in view.record:
                bad.append(f"{where}: {kind} {name} is an orphan")
    # What jobs left is a by-product: gc and destroy know it by its name, and the end of the walk shows that they do.
    for key in view.keys:
        part = key.split("/")[1]
        # A killed run's lease stays where the next plan is empty, since such a run writes nothing; the next other one takes it.
        known = key in (f"{STACK}/control/stack.json", f"{STACK}/control/lease") or (part == "data") or (
            part == "training" and ours(key.split("/")[2])) or (
            part in ("models", "versions") and (key in view.record or key.split("/")[-1] in view.record))
        if not known:
            bad.append(f"{where}: object {key} is an orphan (the endpoint is on {home})")
    if len([key for key in view.keys if "/data/" in key]) > 1:
        bad.append(f"{where}: more data than the spec has")
    if view.uploads:
        bad.append(f"{where}: unfinished uploads {view.uploads}")


def check_gone(view, where):
    left = view.keys + view.uploads + [n for kind in view.things.values() for n in kind]
    if view.endpoint or left:
        bad.append(f"{where}: destroy left {view.endpoint and 'the endpoint'} {left}")


# ---- the walk ----

def words_of(command, state):
    path = spec_file(state)
    if command == "rollback":
        return ["rollback", draw.choice(list(state["models"])), "-f", path, "-auto-approve"]
    return [command, path, "-auto-approve"]


def choose(state, present):
    if not present:
        return "apply", mutated(state)[1]
    dice = draw.random()
    if dice < 0.12:
        return "destroy", state
    if dice < 0.27 and re.search(r"^ *rollback\b", COMMANDS, re.M):
        return "rollback", state
    return "apply", mutated(state)[1]


def settle(command, state, words, where):
    """Runs a command to its end and looks at the world it leaves."""
    before = len(bad)
    code, took, text = finish(words)
    if command != "rollback" and code != 0:
        bad.append(f"{where}: exit {code} of the run after it\n{text[-3000:]}")
    usual_ms[command] = max(usual_ms.get(command, 0) * 0.9, took)
    if command == "rollback":
        # Nothing older may be left to go back to; what it holds, apply takes up again.
        if code not in (0, 1, 6):
            bad.append(f"{where}: rollback ended with {code}\n{text[-3000:]}")
        if re.search(r"^ *resume\b", COMMANDS, re.M):
            for name in state["models"]:
                finish(["resume", name, "-f", spec_file(state), "-auto-approve"])
        code, took, text = finish(["apply", spec_file(state), "-auto-approve"])
        if code != 0:
            bad.append(f"{where}: exit {code} of the apply after a rollback\n{text[-3000:]}")
        command = "apply"
    view = View()
    if command == "destroy":
        check_gone(view, where)
    else:
        code, _, text = finish(["plan", spec_file(state), "-detailed-exitcode"])
        if code != 0:
            bad.append(f"{where}: plan afterwards ended with {code}\n{text[-3000:]}")
        check_orphans(view, where)
    if foreign_lines(view.world) != FOREIGN:
        bad.append(f"{where}: something foreign changed:\n{foreign_lines(view.world)}\nwas\n{FOREIGN}")
    return len(bad) == before, command


def walk(kills):
    global OWN
    state, present, done, tries, same = FIRST, False, 0, 0, 0
    tally = {}
    while done < kills and len(bad) < 5 and tries < 5 * kills:
        tries += 1
        command, new = choose(state, present)
        words = words_of(command, new)
        moment = draw.random() * usual_ms.get(command, 500)
        where = f"kill {done + 1} ({' '.join(words[:1])} after {moment:.0f} ms)"
        if not killed(words, moment):
            state, present = new, command != "destroy"
            continue
        done += 1
        tally[command] = tally.get(command, 0) + 1
        view = View()
        check_serving(view, where)
        if foreign_lines(view.world) != FOREIGN:
            bad.append(f"{where}: something foreign changed")
        next_command, target = command, new
        if draw.random() < 0.25:  # something else is wanted by now
            next_command, target = draw.choice([("apply", state), ("apply", mutated(new)[1]), ("destroy", new)])
        else:
            same += 1
        good, last = settle(next_command, target, words if next_command == command and target is new
                            else words_of(next_command, target), where)
        if not good:
            say(f"{where}: was {json.dumps(state)}, wanted {json.dumps(new)}, then {next_command} {json.dumps(target)}")
            with open(f"{WORK}/killed") as log:
                say("the killed run said:\n" + log.read()[-1500:])
        state, present = target, last != "destroy"
    code, _, text = finish(["destroy", spec_file(state), "-auto-approve"])
    if code != 0:
        bad.append(f"the last destroy: exit {code}\n{text[-3000:]}")
    check_gone(View(), "the end")
    return done, tally, same


def take_over(rounds, place):
    """import, killed: an endpoint that somebody else made, again and again."""
    tutorial = [sys.executable, "tests/e2e/tutorial.py", "theirs", IMPORTED]
    subprocess.run(tutorial, check=True, stdout=subprocess.DEVNULL)
    theirs = re.compile(r"^(model|endpoint-config) multi-model|s3://theirs/mme/|^training-job model-")
    before = [line for line in call.describe(call.world()).decode().splitlines() if theirs.search(line)]
    spec = f"{WORK}/import.yaml"
    with open("examples/mme-demo.yaml") as demo, open(spec, "w") as out:
        text = re.sub(r"(name|prefix): +mme-demo\b", rf"\1: {IMPORTED}", demo.read())
        out.write(text.replace('bucket: ""', "bucket: theirs").replace("source: data/", f"source: {DATA}/"))
    done = tries = 0
    while done < rounds and len(bad) < 5 and tries < 5 * rounds:
        tries += 1
        moment = draw.random() * usual_ms.get("import", 200)
        where = f"kill {place + done + 1} (import after {moment:.0f} ms)"
        was_killed = killed(["import", spec, "-auto-approve"], moment)
        done += was_killed
        for words in (["import", spec, "-auto-approve"], ["apply", spec, "-auto-approve"],
                      ["plan", spec, "-detailed-exitcode"]):
            code, took, text = finish(words)
            usual_ms[words[0]] = max(usual_ms.get(words[0], 0) * 0.9, took)
            if code != 0:
                bad.append(f"{where}: then {words[0]} ended with {code}\n{text[-3000:]}")
        lines = call.describe(call.world()).decode().splitlines()
        if [line for line in lines if theirs.search(line)] != before:
            bad.append(f"{where}: what the scripts made has changed")
        if len([line for line in lines if line.startswith(f"endpoint {IMPORTED} InService")]) != 1:
            bad.append(f"{where}: the endpoint does not serve")
        code, _, text = finish(["destroy", spec, "-auto-approve"])
        left = [line for line in call.describe(call.world()).decode().splitlines()
                if re.search(rf"[ /]{IMPORTED}[-/ ]", line)]
        if code != 0 or left:
            bad.append(f"{where}: destroy ended with {code} and left {left}\n{text[-2000:]}")
        again = {"EndpointName": IMPORTED, "EndpointConfigName": "multi-model-config-1"}
        call.sagemaker("CreateEndpoint", json.dumps(again))
        while json.loads(call.sagemaker("DescribeEndpoint", json.dumps({"EndpointName": IMPORTED})))["EndpointStatus"] != "InService":
            pass
    return done


# ---- the stage ----

call.s3("mb", BUCKET)
for key in FOREIGN_KEYS:
    with open(f"{WORK}/foreign", "w") as file:
        file.write("not the stack's\n")
    call.s3("put", f"{BUCKET}/{key}", f"{WORK}/foreign")
sibling = dict(FIRST, models={"a": 0.5, "b": 0.6})
code, _, text = finish(["apply", spec_file(sibling, SIBLING), "-auto-approve"])
if code != 0:
    sys.exit(f"the stack beside: {text}")
OWN = []
for item in call.world()["buckets"][0]["objects"]:
    if item["key"].startswith(f"{SIBLING}/models/"):
        OWN.append(f"{WORK}/own-{len(OWN)}.tar.gz")
        with open(OWN[-1], "wb") as out:
            out.write(call.s3("get", f"{BUCKET}/{item['key']}"))
FOREIGN = foreign_lines(call.world())
# Each command once, undisturbed: how long it takes says where the moments lie.
for command in ("apply", "destroy"):
    code, usual_ms[command], text = finish([command, spec_file(FIRST), "-auto-approve"])
    if code != 0:
        sys.exit(f"{command} that nobody disturbs: {text}")
begin = time.monotonic()
imports = KILLS // 10
done, tally, same = walk(KILLS - imports)
tally["import"] = take_over(imports, done)
done += tally["import"]
say(f"{done} kills ({', '.join(f'{n} of {c}' for c, n in sorted(tally.items()))}; {same} times the same command ran again), "
    f"{time.monotonic() - begin:.0f} s, {len(bad)} violations")
for text in bad:
    say("VIOLATION " + text.replace("\n", "\n# "))
sys.exit(1 if bad or done < KILLS else 0)
