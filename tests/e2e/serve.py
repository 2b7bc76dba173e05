"""Drives `mmectl serve` as SageMaker does, and as nobody should; prints one TAP line per fact, and `done`.

usage: serve.py MMECTL FOLDER      FOLDER: models/*.tar.gz, models/*.answer (JSON for rows.csv), rows.csv

Contract: https://docs.aws.amazon.com/sagemaker/latest/dg/mms-container-apis.html
"""
import http.client
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tarfile
import threading
import time
from urllib.parse import quote

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hostile as cases_of  # noqa: E402

MMECTL, FOLDER = sys.argv[1:3]
ROWS = open(os.path.join(FOLDER, "rows.csv"), "rb").read()
NAMES = sorted(n[: -len(".tar.gz")] for n in os.listdir(FOLDER + "/models") if n.endswith(".tar.gz"))
ANSWERS = {n: open("%s/models/%s.answer" % (FOLDER, n), "rb").read().strip() for n in NAMES}


def check(good, name, got=""):
    print(("ok - " if good else "not ok - ") + name)
    if not good:
        print("got: %r" % (got,))
    sys.stdout.flush()


class Server:
    """One `mmectl serve`, on a port of its own."""

    def __init__(self, *arguments, **environment):
        started = time.monotonic()
        self.process = subprocess.Popen(
            [MMECTL, "serve", "--port", "0", *arguments], stdout=subprocess.PIPE, env={**os.environ, **environment})
        line = self.process.stdout.readline().decode()
        self.ready_ms = (time.monotonic() - started) * 1000
        self.address, self.port = line.split("//")[1].strip().rsplit(":", 1)
        self.port = int(self.port)

    def call(self, method, path, body=None, headers=None):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        link.request(method, path, body, headers or {})
        answer = link.getresponse()
        content = answer.read()
        link.close()
        return answer.status, content

    def json(self, method, path, body=None):
        status, content = self.call(method, path, json.dumps(body) if body is not None else None,
                                    {"Content-Type": "application/json"})
        return status, json.loads(content)

    def load(self, name, url):
        return self.json("POST", "/models", {"model_name": name, "url": url})

    def invoke(self, name, body=ROWS, accept="application/json", kind="text/csv"):
        headers = {key: value for key, value in (("Content-Type", kind), ("Accept", accept)) if value is not None}
        return self.call("POST", "/models/%s/invoke" % quote(name, safe=""), body, headers)

    def raw(self, text, seconds=2):
        """Sends bytes as they are; what comes back until the server closes, or until it has nothing to say for so long."""
        got = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as link:
            try:
                link.sendall(text)
                while part := link.recv(65536):
                    got += part
            except OSError:
                pass
        return got

    def memory_kib(self):
        with open("/proc/%d/status" % self.process.pid) as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10)
        self.process.stdout.close()
        return code


def packed(name):
    return "%s/models/%s.tar.gz" % (FOLDER, name)


def unpacked(folder, *names):
    """A folder as SageMaker makes it, with the models of these artifacts in it; its path."""
    path = os.path.join(FOLDER, folder)
    os.makedirs(path)
    for i, name in enumerate(names):
        with tarfile.open(packed(name)) as tar, open(os.path.join(path, "xgboost-model-%d" % i), "wb") as file:
            file.write(tar.extractfile(tar.getmembers()[0]).read())
    return path


def float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def management(server):
    check(server.json("GET", "/models") == (200, {"models": []}), "GET /models is there at once, and empty")
    check(server.json("GET", "/ping") == (200, {"status": "Healthy"}), "GET /ping")
    name = NAMES[0]
    got = server.load(name, packed(name))
    check(got == (200, {"status": "Workers scaled"}), "POST /models loads", got)
    got = server.load(name, packed(name))
    check(got == (409, {"code": 409, "type": "ConflictStatusException",
                        "message": "Model %s is already registered." % name}), "a second time is 409", got)
    got = server.json("GET", "/models/" + name)
    check(got == (200, {"modelName": name, "modelUrl": packed(name)}), "GET /models/{name}", got)
    got = server.json("GET", "/models")
    check(got == (200, {"models": [{"modelName": name, "modelUrl": packed(name)}]}), "GET /models lists it", got)
    got = server.json("DELETE", "/models/" + name)
    check(got == (200, {"status": 'Model "%s" unregistered' % name}), "DELETE /models/{name}", got)
    missing = (404, {"code": 404, "type": "ModelNotFoundException", "message": "Model not found: " + name})
    check(server.json("DELETE", "/models/" + name) == missing, "a second time is 404")
    check(server.json("GET", "/models/" + name) == missing, "GET of what is not loaded is 404")
    status, body = server.invoke(name)
    check((status, json.loads(body)) == missing, "so is a call", body)
    strange = "a b/ü%2F\"<>"
    check(server.load(strange, packed(name))[0] == 200, "a name may be anything")
    check(server.invoke(strange) == (200, ANSWERS[name]), "and is called percent-encoded")
    check(server.json("DELETE", "/models/" + quote(strange, safe=""))[0] == 200, "and unloaded")


def bad_orders(server):
    url = packed(NAMES[0])
    cases = [
        (400, "not json", "{", "Parameter|character|JSON|unexpected|end"),
        (400, "not an object", "[1]", "url is required"),
        (400, "no url", '{"model_name": "x"}', "Parameter url is required."),
        (400, "no name", json.dumps({"url": url}), "Parameter model_name is required."),
        (400, "a name that is no text", json.dumps({"model_name": 7, "url": url}), "model_name"),
        (400, "a long name", json.dumps({"model_name": "x" * 1025, "url": url}), "model_name"),
        (404, "a relative url", '{"model_name": "x", "url": "models/x"}', "Relative path is not allowed in url"),
        (404, "a url with ..", '{"model_name": "x", "url": "/opt/../etc/passwd"}', "Relative path is not allowed"),
        (404, "a path that is not there", '{"model_name": "x", "url": "/no/such"}', "Model not found in model store"),
        (500, "a file that is no model", '{"model_name": "x", "url": "/etc/passwd"}', "Unable to load model x"),
        (500, "a device", '{"model_name": "x", "url": "/dev/zero"}', "neither a folder nor a file"),
        (500, "an empty folder", json.dumps({"model_name": "x", "url": FOLDER + "/empty"}), "there is no model in"),
    ]
    os.makedirs(FOLDER + "/empty", exist_ok=True)
    for status, name, body, part in cases:
        got = server.call("POST", "/models", body)
        text = got[1].decode(errors="replace")
        check(got[0] == status and any(p in text for p in part.split("|")), "%s is %d" % (name, status), got)
    check(server.json("GET", "/models") == (200, {"models": []}), "none of them left anything")
    for method, path, status in (("PUT", "/models", 405), ("POST", "/ping", 405), ("GET", "/models/x/invoke", 405),
                                 ("GET", "/", 404), ("GET", "/models/", 404), ("POST", "/models//invoke", 404),
                                 ("POST", "/models/a/b/invoke", 404), ("POST", "/models/%zz/invoke", 400)):
        got = server.call(method, path, "")
        check(got[0] == status, "%s %s is %d" % (method, path, status), got)


def paging(server):
    for count in (99, 100, 101, 250):
        have = len(listed(server))
        for i in range(have, count):
            server.load("page%03d" % i, packed(NAMES[0]))
        names = listed(server)
        check(names == ["page%03d" % i for i in range(count)], "%d models in pages, by name" % count, len(names))
    status, page = server.json("GET", "/models?limit=7")
    check(len(page["models"]) == 7 and page["nextPageToken"] == "page006", "limit=7", page)
    for limit in ("0", "-1", "x"):
        check(server.json("GET", "/models?limit=" + limit)[0] == 400, "limit=%s is refused" % limit)
    server.json("DELETE", "/models/page006")
    status, page = server.json("GET", "/models?limit=2&next_page_token=page006")
    check([m["modelName"] for m in page["models"]] == ["page007", "page008"], "a token outlives its model", page)
    for name in listed(server):
        server.json("DELETE", "/models/" + name)
    check(listed(server) == [], "all of them are unloaded")


def listed(server):
    names, token = [], ""
    while True:
        status, page = server.json("GET", "/models" + ("?next_page_token=" + quote(token) if token else ""))
        names += [model["modelName"] for model in page["models"]]
        token = page.get("nextPageToken")
        if not token:
            return names


def calls(server):
    for name in NAMES:
        server.load(name, packed(name))
        check(server.invoke(name) == (200, ANSWERS[name]), "%s answers as its endpoint does" % name)
    name = NAMES[0]
    values = json.loads(ANSWERS[name])
    status, text = server.invoke(name, accept="text/csv")
    check(text.decode() == ",".join(map(str, values)), "text/csv is one line of comma-separated numbers", text)
    check(server.invoke(name, accept=None) == (200, ANSWERS[name]), "no Accept is JSON")
    row = ROWS.split(b"\n")[0]
    libsvm = b" ".join(b"%d:%s" % (i, v) for i, v in enumerate(row.split(b",")))
    check(server.invoke(name, libsvm, kind=None)[1] == server.invoke(name, row)[1], "no Content-Type is libsvm")
    bad = [(415, "application/x-parquet", ROWS), (400, "text/csv", b"1,2"), (400, "text/csv", row + b"\n1,a"),
           (204, "text/csv", b""), (400, "text/csv", b"\xff\xfe" * 9)]
    for status, kind, body in bad:
        got = server.invoke(name, body, kind=kind)
        check(got[0] == status, "%s of %d bytes is %d" % (kind, len(body), status), got)
    check(server.invoke(name, accept="image/png")[0] == 406, "an Accept nobody can answer is 406")
    got = server.call("POST", "/invocations?model_name=" + name, ROWS, {"Content-Type": "text/csv"})
    check(got == (200, ANSWERS[name]), "/invocations?model_name=")
    got = server.call("POST", "/invocations", ROWS, {"Content-Type": "text/csv"})
    check(got[0] == 404 and b"one loaded model" in got[1], "/invocations needs a name among several", got)
    text = server.call("GET", "/metrics")[1].decode()
    line = 'mmectl_model_invocations_total{model="%s"} ' % name
    check(int(next(part[len(line):] for part in text.split("\n") if part.startswith(line))) > 8, "/metrics counts", text)
    check("mmectl_loaded_model_count %d\n" % len(NAMES) in text, "and knows what is loaded", text)
    figures = dict(line.rsplit(" ", 1) for line in text.split("\n") if line[:1].isupper())
    check(figures["LoadedModelCount"] == str(len(NAMES)) and int(figures["ModelLoadingTime_count"]) >= len(NAMES) and
          int(figures["ModelLoadingTime_sum"]) > 0 and
          0 < int(figures["ModelCacheHit_sum"]) <= int(figures["ModelCacheHit_count"]) and
          figures["ModelLoadingWaitTime_count"] == figures["ModelDownloadingTime_count"] == "0" and
          "ModelUnloadingTime_sum" in figures, "by SageMaker's names as well", figures)
    got = server.json("GET", "/execution-parameters")
    check(got[0] == 200 and got[1]["BatchStrategy"] == "MULTI_RECORD" and got[1]["MaxPayloadInMB"] == 6,
          "GET /execution-parameters", got)
    for name in NAMES:
        server.json("DELETE", "/models/" + name)


def ensembles(server):
    pair = unpacked("pair", NAMES[0], NAMES[1])
    shutil.copy(packed(NAMES[2]), pair + "/.hidden")
    os.makedirs(pair + "/code")
    os.symlink("/etc/passwd", pair + "/link")
    check(server.load("pair", pair)[0] == 200, "several files of a folder are an ensemble; dot files, folders, links no")
    a, b = (json.loads(ANSWERS[name]) for name in NAMES[:2])
    mean = [float32(float32(x + y) / 2) for x, y in zip(a, b)]
    check(json.loads(server.invoke("pair")[1]) == mean, "and answer the mean, in float32", server.invoke("pair")[1][:80])
    shutil.copy("/etc/hostname", pair + "/README")
    got = server.load("stray", pair)
    check(got[0] == 500 and "file 'README'" in got[1]["message"], "a stray file is named when the model is loaded", got)
    os.remove(pair + "/README")
    first = Server("--model-dir", pair, SAGEMAKER_INFERENCE_ENSEMBLE="false")
    got = first.call("POST", "/invocations", ROWS, {"Content-Type": "text/csv"})
    check(got == (200, ANSWERS[NAMES[0]]), "SAGEMAKER_INFERENCE_ENSEMBLE=false takes the first; one model needs no name", got)
    first.stop()


def fallback(server):
    """Before xgboost 1.0 the base score was kept as a margin. libxgboost goes by the version; a forest does not."""
    with tarfile.open(packed(NAMES[0])) as tar:
        model = tar.extractfile(tar.getmembers()[0]).read()
    check(model[:4] == b"binf", "a trained model is binary", model[:8])
    path = FOLDER + "/old-model"
    with open(path, "wb") as file:
        file.write(model[:24] + bytes(4) + model[28:])
    server.load("new", packed(NAMES[0]))
    server.load("old", path)
    answers = [server.invoke(name) for name in ("new", "old")]
    check([status for status, body in answers] == [200, 200] and answers[0] != answers[1], "an old model is called", answers)
    text = server.call("GET", "/metrics")[1].decode()
    lines = [line for line in text.split("\n") if line.startswith("mmectl_model_fallback{")]
    check(lines == ['mmectl_model_fallback{model="old",reason="differs"} 1'],
          "a model whose flat array differs is libxgboost's to answer, and /metrics says so", lines)
    for name in ("new", "old"):
        server.json("DELETE", "/models/" + name)


def environment():
    one = unpacked("one", NAMES[3])
    other = Server("--model-dir", one, SAGEMAKER_MULTI_MODEL="true", MAX_CONTENT_LENGTH="1000",
                   SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT="text/csv")
    check(other.address == "0.0.0.0", "in a container it listens to the outside", other.address)
    got = other.call("POST", "/invocations", ROWS[:400].rsplit(b"\n", 1)[0], {"Content-Type": "text/csv"})
    check(got[0] == 200 and not got[1].startswith(b"["), "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", got)
    got = other.call("POST", "/invocations", ROWS, {"Content-Type": "text/csv"})
    check(got[0] == 413, "MAX_CONTENT_LENGTH", got)
    other.stop()


def full():
    small = Server("--memory-limit", "1")
    loaded = 0
    while loaded < 2000:
        status, answer = small.load("m%d" % loaded, packed(NAMES[loaded % len(NAMES)]))
        if status != 200:
            break
        loaded += 1
    check(status == 507 and "bytes of memory" in answer["message"], "a full memory is 507 (after %d)" % loaded, answer)
    check(small.invoke("m0") == (200, ANSWERS[NAMES[0]]), "nothing was dropped for it")
    small.json("DELETE", "/models/m0")
    check(small.load("again", packed(NAMES[0]))[0] == 200, "what was unloaded makes room")
    check(small.stop() == 0, "and it ends well")


def pinned():
    """Where there is no platform: the least recently called goes for a new one, what is pinned never."""
    for environment, options in ((dict(), ("--evict", "--pin", "gold-*")), (dict(MMECTL_EVICT="true", MMECTL_PIN="x, gold-*"), ())):
        small = Server("--memory-limit", "1", *options, **environment)
        small.load("gold-1", packed(NAMES[0]))
        small.json("POST", "/models", {"model_name": "silver", "url": packed(NAMES[1]), "pinned": True})
        for i in range(400):
            status, answer = small.load("m%d" % i, packed(NAMES[i % len(NAMES)]))
            if status != 200:
                break
        names = listed(small)
        check(status == 200 and "m399" in names and "m0" not in names, "a full memory drops the oldest", (status, answer))
        check("gold-1" in names and "silver" in names, "and none that is pinned", names)
        check(small.invoke("silver") == (200, ANSWERS[NAMES[1]]), "which answers")
        text = small.call("GET", "/metrics")[1].decode()
        check("mmectl_pinned_model_count 2\n" in text and 'mmectl_model_pinned{model="silver"} 1\n' in text, "/metrics counts them", text)
        evicted = next(int(line.split()[1]) for line in text.split("\n") if line.startswith("mmectl_model_evictions_total "))
        check(evicted == 402 - len(names), "and what was dropped", evicted)
        for i in range(2000):
            status, answer = small.load("gold-m%d" % i, packed(NAMES[i % len(NAMES)]))
            if status != 200:
                break
        check(status == 507 and "without the pinned models" in answer["message"], "only pinned ones left is 507", answer)
        check(small.json("DELETE", "/models/gold-1")[0] == 200, "an order to unload is obeyed all the same")
        check(small.load("gold-1", packed(NAMES[0]))[0] == 200, "and makes room")
        got = small.json("POST", "/models", {"model_name": "y", "url": packed(NAMES[0]), "pinned": "yes"})
        check(got[0] == 400 and "pinned has to be" in got[1]["message"], "pinned is true or false", got)
        check(small.stop() == 0, "and it ends well")


def together(server):
    """Loads, unloads and calls at once: every answer is the model's own, or 404 or 409."""
    wrong, counts, stop = [], {}, time.monotonic() + 3

    def caller(k):
        link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        n = k
        while time.monotonic() < stop:
            name = NAMES[n % len(NAMES)]
            n += 1
            if k < 2:
                method, path, body = "DELETE", "/models/" + name, None
            elif k < 4:
                method, path, body = "POST", "/models", json.dumps({"model_name": name, "url": packed(name)})
            else:
                method, path, body = "POST", "/models/%s/invoke" % name, ROWS
            link.request(method, path, body, {"Content-Type": "text/csv"})
            answer = link.getresponse()
            content = answer.read()
            counts[k < 4, answer.status] = counts.get((k < 4, answer.status), 0) + 1
            if answer.status not in (200, 404, 409) or (k >= 4 and answer.status == 200 and content != ANSWERS[name]):
                wrong.append((path, answer.status, content[:200]))
        link.close()

    threads = [threading.Thread(target=caller, args=(k,)) for k in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not wrong, "loads, unloads and calls at once: no wrong answer", wrong[:3])
    check(counts.get((False, 200), 0) > 100 and counts.get((True, 200), 0) > 100, "and plenty of right ones", counts)
    for name in NAMES:
        server.json("DELETE", "/models/" + name)
    check(listed(server) == [], "all of them can be unloaded after it")


def hostile(server):
    server.load("m", packed(NAMES[0]))
    before = server.memory_kib()
    row = ROWS.split(b"\n")[0]

    folder = FOLDER + "/hostile"
    os.makedirs(folder)
    cases = {**cases_of.framing(row), **cases_of.heads(row), **cases_of.bodies(row), **cases_of.orders(folder)}
    check(len(cases) >= 100, "%d requests that nobody should send" % len(cases))
    for name, text in cases.items():
        got = server.raw(text, 0.5 if name.startswith(cases_of.MAY_CLOSE) else 20)
        status = int(got[9:12]) if got.startswith(b"HTTP/1.") else 0
        refused = 400 <= status < 500 or status == 505 or (status == 500 and b"Unable to load model bad: " in got)
        name, may_close = name.lstrip(cases_of.MAY_CLOSE), name.startswith(cases_of.MAY_CLOSE)
        check(refused or (status == 0 and may_close), "%s: %s" % (name, status or "closed"), got[:300])
    listed_now = listed(server)
    check(listed_now == ["m"], "nothing of it was loaded", listed_now)
    check(server.invoke("m", row)[0] == 200, "and it still serves")
    got = server.load("bad", folder + "/pickle.bad")
    check("never run here" in got[1]["message"] and "Booster.save_model()" in got[1]["message"],
          "a pickle is refused with a reason and a way out", got)
    slow = [socket.create_connection(("127.0.0.1", server.port)) for i in range(100)]
    for i, link in enumerate(slow):
        link.sendall(b"POST /models/m/invoke HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n1"[: 10 + i % 60])
    got = server.invoke("m", row)
    check(got[0] == 200, "a hundred slow ones hold up nobody", got)
    for link in slow:
        link.close()
    check(server.memory_kib() - before < 64 * 1024, "memory stays bounded", server.memory_kib() - before)


def pipelined(server):
    server.load("m", packed(NAMES[0]))
    text = b"".join(("POST /models/m/invoke HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n%s\r\n" % (
        len(row), "Connection: close\r\n" if i == 9 else "")).encode() + row for i, row in enumerate(ROWS.split(b"\n")[:10]))
    got = server.raw(text, 20)
    bodies = [part.split(b"\r\n\r\n", 1)[1].strip(b"[]") for part in got.split(b"HTTP/1.1 200 OK")[1:]]
    check(b", ".join(bodies) == b", ".join(ANSWERS[NAMES[0]].strip(b"[]").split(b", ")[:10]),
          "ten calls in one write are answered in their order", bodies)
    server.json("DELETE", "/models/m")


def ten_thousand():
    """Models that a process of the platform's size would need a terabyte for."""
    server = Server()
    count = 10000

    def load(first):
        link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for i in range(first, count, 4):
            link.request("POST", "/models", json.dumps({"model_name": "n%05d" % i, "url": packed(NAMES[i % len(NAMES)])}))
            answer = link.getresponse()
            answer.read()
            if answer.status != 200:
                break
        link.close()

    threads = [threading.Thread(target=load, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = listed(server)
    check(names == ["n%05d" % i for i in range(count)], "ten thousand models are loaded, and listed in a hundred pages", len(names))
    wrong = [i for i in range(0, count, 97) if server.invoke("n%05d" % i)[1] != ANSWERS[NAMES[i % len(NAMES)]]]
    check(not wrong, "each is its own", wrong)
    check(server.json("DELETE", "/models/n09999")[0] == 200 and len(listed(server)) == count - 1, "one of them goes")
    check(server.memory_kib() < 2 * 1024 * 1024, "in %d MiB" % (server.memory_kib() // 1024))
    begun = time.monotonic()
    check(server.stop() == 0 and time.monotonic() - begun < 5, "and all of them in time", time.monotonic() - begun)


def ending():
    server = Server()
    server.load("m", packed(NAMES[0]))
    with socket.create_connection(("127.0.0.1", server.port)) as link:
        head = "POST /models/m/invoke HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n\r\n" % len(ROWS)
        link.sendall(head.encode() + ROWS[:100])
        server.call("GET", "/ping")
        begun = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        link.sendall(ROWS[100:])
        got = b""
        while True:
            part = link.recv(65536)
            if not part:
                break
            got += part
            if ANSWERS[NAMES[0]] in got:
                break
        check(ANSWERS[NAMES[0]] in got, "SIGTERM lets a running call end", got[:300])
    code = server.process.wait(10)
    server.process.stdout.close()
    check(code == 0 and time.monotonic() - begun < 5, "and ends within five seconds", time.monotonic() - begun)


server = Server()
check(server.address == "127.0.0.1", "on a developer's machine nobody else is served", server.address)
management(server)
bad_orders(server)
paging(server)
calls(server)
ensembles(server)
server.json("DELETE", "/models/pair")
pipelined(server)
fallback(server)
together(server)
hostile(server)
check(server.stop() == 0, "SIGTERM ends it")
environment()
full()
pinned()
ten_thousand()
ending()
print("done")
