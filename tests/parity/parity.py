"""Sends random payloads to `mmectl serve` and compares every byte with container.py, for each objective.

usage: parity.py MMECTL FOLDER PAYLOADS      one TAP line per objective, and `done`; FOLDER is for models

MMECTL_TEST_SEED=N replays a run.
"""
import json
import os
import random
import signal
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import container  # noqa: E402
import xgb  # noqa: E402

MMECTL, FOLDER, PAYLOADS = sys.argv[1], sys.argv[2], int(sys.argv[3])
SEED = int(os.environ.get("MMECTL_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
MODELS = 6  # of each objective

OBJECTIVES = [
    "binary:logistic", "binary:logitraw", "binary:hinge", "reg:squarederror", "reg:linear", "reg:squaredlogerror",
    "reg:logistic", "reg:pseudohubererror", "reg:absoluteerror", "reg:gamma", "reg:tweedie", "multi:softmax",
    "multi:softprob", "count:poisson", "rank:pairwise", "rank:ndcg", "rank:map", "survival:cox", "survival:aft"]


class Server:
    processes = []

    def __init__(self, **environment):
        self.process = subprocess.Popen([MMECTL, "serve", "--port", "0"], stdout=subprocess.PIPE,
                                        env={**os.environ, **environment})
        self.processes.append(self.process)
        port = int(self.process.stdout.readline().rsplit(b":", 1)[1])
        self.link = socket.create_connection(("127.0.0.1", port))
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.link.makefile("rb")
        self.environment = environment

    def call(self, path, body, **headers):
        head = "POST %s HTTP/1.1\r\nHost: x\r\n" % path
        for name, value in headers.items():
            if value is not None:
                head += "%s: %s\r\n" % (name.replace("_", "-"), value)
        self.link.sendall(("%sContent-Length: %d\r\n\r\n" % (head, len(body))).encode() + body)
        status, got = int(self.file.readline().split()[1]), {}
        while (line := self.file.readline().strip()) != b"":
            name, value = line.decode().split(":", 1)
            got[name.lower()] = value.strip()
        return status, got.get("content-type"), self.file.read(int(got.get("content-length", 0)))

    def load(self, name, path):
        answer = self.call("/models", json.dumps({"model_name": name, "url": path}).encode())
        assert answer[0] == 200, answer

    def stop(self):
        self.file.close()
        self.link.close()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(10) == 0
        self.process.stdout.close()


# ---- models ----

def labels(rng, objective, rows, classes):
    scale = 10.0 ** rng.choice([-9, -3, 0, 0, 0, 2, 6])
    if objective.startswith("multi:"):
        return [float(rng.randrange(classes)) for row in rows]
    if objective in ("binary:logistic", "binary:logitraw", "binary:hinge") or objective.startswith("rank:"):
        return [float(sum(v for v in row if v == v) > 0) for row in rows]
    if objective == "reg:logistic":
        return [rng.random() for row in rows]
    if objective == "count:poisson":
        return [float(rng.randrange(rng.choice([3, 10000]))) for row in rows]
    if objective == "survival:cox":
        return [rng.choice([-1, 1]) * rng.uniform(0.1, 50) for row in rows]
    if objective in ("reg:gamma", "reg:tweedie", "survival:aft", "reg:squaredlogerror"):
        return [rng.uniform(0.01, 10) for row in rows]
    return [rng.gauss(0, 1) * scale for row in rows]


class Model:
    def __init__(self, rng, objective, number):
        self.name = "%s-%d" % (objective.replace(":", "-"), number)
        self.features = 1 if number == 1 else rng.randrange(2, 40)
        self.trees = 0
        self.boosters = []
        n = {3: rng.randrange(2, 6), 4: rng.randrange(7, 20)}.get(number, 1)
        classes = rng.randrange(2, 6)
        booster = rng.choice(["gbtree", "gbtree", "gbtree", "dart", "gblinear"]) if number == 2 else "gbtree"
        self.path = os.path.join(FOLDER, self.name)
        os.mkdir(self.path)
        for i in range(n):
            self.train(rng, objective, classes, booster, i)

    def train(self, rng, objective, classes, kind, i):
        count = 80
        rows = [[rng.choice([xgb.NAN, rng.gauss(0, 3), float(rng.randrange(-3, 4))]) for k in range(self.features)]
                for j in range(count)]
        matrix = xgb.Matrix.dense(rows)
        wanted = labels(rng, objective, rows, classes)
        if objective == "survival:aft":
            matrix.set("label_lower_bound", wanted)
            matrix.set("label_upper_bound", [rng.choice([v, v * 2, float("inf")]) for v in wanted])
        else:
            matrix.set("label", wanted)
        if objective.startswith("rank:"):
            matrix.set_groups([count // 4] * 4)
        booster = xgb.Booster([matrix])
        booster.set(objective=objective, booster=kind, max_depth=rng.randrange(1, 6), seed=rng.randrange(1000))
        if objective.startswith("multi:"):
            booster.set(num_class=classes)
        parallel = rng.choice([1, 1, 3]) if kind == "gbtree" else 1
        if kind != "gblinear":
            booster.set(num_parallel_tree=parallel, eta=rng.choice([0.05, 0.3, 0.9]))
        if objective in ("binary:logistic", "reg:squarederror", "count:poisson") and rng.random() < 0.5:
            booster.set(base_score=rng.choice([0.01, 0.31, 0.75]))
        rounds = rng.randrange(2, 12)
        for k in range(rounds):
            booster.update(k, matrix)
        if kind == "gbtree" and len(self.boosters) == 0 and rng.random() < 0.4:
            self.trees = rng.randrange(1, rounds) * parallel  # as early stopping leaves it
        if self.trees > 0:
            self.trees = min(self.trees // parallel, rounds) * parallel or parallel
            booster.attribute("best_ntree_limit", self.trees)
        saved = booster.save(rng.choice(["deprecated", "ubj", "json"]))
        with open(os.path.join(self.path, "xgboost-model-%02d" % i), "wb") as file:
            file.write(saved)
        self.boosters.append((xgb.Booster(bytes_=saved), self.trees))


# ---- payloads ----

def number(rng, plain):
    value = rng.choice([rng.gauss(0, 3), float(rng.randrange(-3, 4)), rng.gauss(0, 1) * 10.0 ** rng.randrange(-30, 30)])
    if plain:
        return "%.3f" % abs(rng.gauss(0, 3))
    form = rng.randrange(12)
    if form < 3:
        return repr(value)
    if form == 3:
        return "%.30f" % rng.gauss(0, 3)
    if form == 4:
        return rng.choice(["+", ""]) + "%g" % abs(value)
    if form == 5:
        return "%.3e" % value
    if form == 6:
        return rng.choice([".5", "5.", "-0", "0", "1E5", "-.25", "00012", "1e-400", "0.1e+1"])
    if form == 7:
        return rng.choice(["nan", "NaN", "NAN"])
    return "%.4f" % rng.gauss(0, 3)


def csv_body(rng, features):
    delimiter = rng.choice([",", ",", ",", ";", "\t", " ", "|"])
    rows = []
    for i in range(rng.choice([1, 1, 1, 2, 3, 8, 40])):
        cells = []
        for k in range(features):
            cell = number(rng, features == 1)
            if features > 1 and rng.random() < 0.1:
                cell = ""
            elif delimiter == "," and rng.random() < 0.05:
                cell = rng.choice([" ", "\t"]) + cell + " "
            cells.append(cell)
        cells[-1] = cells[-1] or "7"  # the container cannot read an empty cell before \\r\\n; mmectl can
        rows.append(delimiter.join(cells))
    fault = rng.random()
    if fault < 0.01:
        rows[-1] += delimiter + "1"
    elif fault < 0.02:
        rows[-1] = delimiter.join(["x"] * features)
    elif fault < 0.03:
        rows[0] = delimiter.join(rng.choice(["inf", "1e39", "-Infinity"]) for k in range(features))
    body = rng.choice(["\n", "\n", "\r\n"]).join(rows) + rng.choice(["", "", "\n", "\r\n", "\n\n "])
    return rng.choice(["text/csv", "csv", "Text/CSV", "text/csv; charset=utf-8", "text/csv;label_size=1"]), body


def libsvm_body(rng, features):
    rows = []
    count = rng.choice([1, 1, 1, 2, 3, 8, 40])
    for i in range(count):
        columns = [k for k in range(features) if rng.random() < 0.7]
        if i == count - 1 and not columns:  # the container drops rows without values at the end; mmectl answers each
            columns = [features - 1]
        rng.random() < 0.2 and rng.shuffle(columns)
        pairs = ["%d:%s" % (k, number(rng, False)) for k in columns]
        rows.append(" ".join((["0"] if rng.random() < 0.8 or not pairs else []) + pairs))
    fault = rng.random()
    if fault < 0.01:
        rows[-1] += " %d:1" % features
    elif fault < 0.02:
        rows[-1] += " %d:x" % (features - 1)
    elif fault < 0.03:
        rows[0] = "0 0:1e39"
    return rng.choice([None, "text/libsvm", "libsvm", "text/x-libsvm"]), "\n".join(rows) + rng.choice(["", "\n"])


# ---- comparing ----

def compare(rng, servers, model, tally):
    content_type, body = rng.choice([csv_body, libsvm_body])(rng, model.features)
    accept = rng.choice(["text/csv", "application/json", "csv", "json", None, "*/*"])
    server = rng.choice(servers)
    body = body.encode()
    default = server.environment.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "application/json")
    got = server.call("/models/%s/invoke" % model.name, body, Content_Type=content_type, Accept=accept)
    try:
        want = (200, *container.evaluate(
            body, content_type.lower() if content_type else None, accept, default,
            "SAGEMAKER_BATCH" in server.environment, model.boosters, model.features))
        tally["answers"] += 1
    except container.Refused as why:
        want = (400, str(why))
        tally["refusals"] += 1
        if got[0] == 400 and len(got[2]) > 20:
            return None
    if got == want:
        return None
    return "%s, %r, Accept %r, of %d features, from %s\n%r\ngot:  %r\nwant: %r" % (
        content_type, model.name, accept, model.features, server.environment, body[:2000], got, want)


def main():
    print("seed %d" % SEED)
    servers = [Server(), Server(SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT="text/csv", SAGEMAKER_BATCH="true")]
    for objective in OBJECTIVES:
        rng = random.Random("%d %s" % (SEED, objective))
        models = [Model(rng, objective, i) for i in range(MODELS)]
        for model in models:
            for server in servers:
                server.load(model.name, model.path)
        tally, wrong = {"answers": 0, "refusals": 0}, []
        for i in range(PAYLOADS):
            fault = compare(rng, servers, models[i % MODELS], tally)
            wrong += [fault] if fault else []
        plenty = tally["answers"] > PAYLOADS * 0.8 and tally["refusals"] > 0
        print("%s - %s: %d answers byte for byte, %d refusals" % (
            "ok" if not wrong and plenty else "not ok", objective, tally["answers"], tally["refusals"]))
        if wrong:
            print("%d differ; the first:\n%s" % (len(wrong), wrong[0]))
        sys.stdout.flush()
    for server in servers:
        server.stop()
    print("done")


try:
    main()
finally:
    for process in Server.processes:
        process.kill()
