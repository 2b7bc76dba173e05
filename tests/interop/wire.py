#!/usr/bin/python3
"""Holds recorded exchanges with the stand-in against the service models of botocore: every request mmectl and the other
clients sent, every answer the stand-in gave.

    tests/interop/wire.py [-v] [FILE...]    FILE: what `mmectl local start --record=FILE` wrote

Without FILE it takes what the end-to-end files of this run recorded (tests/run.sh: BUILD/wire/*.jsonl), which is why it is
run last. TAP; -v lists how many exchanges of each operation were judged. Each fault is shown once, with an example.
MMECTL_BOTOCORE=FOLDER takes another botocore than the installed one (pip install --target FOLDER botocore). What an older
one does not know is listed, with reasons and the version that does, in wire_known.txt beside this file.
"""
import collections
import fnmatch
import glob
import json
import multiprocessing
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
if os.environ.get("MMECTL_BOTOCORE"):
    sys.path.insert(0, os.environ["MMECTL_BOTOCORE"])

import botocore
import botocore.session
from models.exchanges import Judge

VERSION = tuple(int(part) for part in botocore.__version__.split(".")[:3])
SHOWN = 40
judge = None


def known_faults():
    """[(operation, direction, path, what)] that hold for this botocore, and what is wrong with the list itself."""
    out, wrong = [], []
    with open(os.path.join(HERE, "wire_known.txt")) as file:
        for number, line in enumerate(file, 1):
            if line.startswith("#") or not line.strip():
                continue
            fault, _, reason = line.partition(" # ")
            parts = fault.split(None, 4)
            if len(parts) < 5 or not parts[0].startswith("<") or not reason.strip():
                wrong.append("wire_known.txt:%d: not '<VERSION OPERATION DIRECTION PATH WHAT # REASON'" % number)
                continue
            below = tuple(int(part) for part in parts[0][1:].split("."))
            if below > (1, 43):
                wrong.append("wire_known.txt:%d: botocore 1.43 and later have no exceptions" % number)
            if VERSION < below:
                out.append((parts[1], parts[2], "" if parts[3] == "-" else parts[3], parts[4].strip()))
    return out, wrong


def judge_file(path):
    global judge
    if judge is None:
        judge = Judge(botocore.session.Session())
    counts, faults, first, samples = collections.Counter(), {}, {}, {}
    with open(path, encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            if not text.endswith("\n"):
                continue  # the last words of a stand-in that was killed
            line = json.loads(text)
            operation, found = judge.exchange(line)
            counts[operation] += 1
            if not found and 200 <= line["status"] < 300 and operation not in samples:
                samples[operation] = line
            for fault in found:
                key = (operation, *fault)
                faults[key] = faults.get(key, 0) + 1
                first.setdefault(key, "%s:%d" % (os.path.relpath(path), number))
    return counts, faults, first, samples


def show(key, times, where):
    operation, direction, path, what = key
    print("# %s, %s%s: %s (%d times, first %s)" % (operation, direction, " " + path if path else "", what, times, where))


def is_known(key, known):
    return any(
        fnmatch.fnmatchcase(key[0], rule[0]) and rule[1] in (key[1], "*") and within(key[2], rule[2])
        and fnmatch.fnmatchcase(key[3], rule[3].replace("[", "[[]")) for rule in known)


def within(path, rule):
    """A star at either end stands for anything; the rest is literal, since paths have []."""
    if rule.endswith("*"):
        return path.startswith(rule[:-1])
    return path.endswith(rule[1:]) if rule.startswith("*") else path == rule


def seeded():
    """The exchanges with a planted fault: what is not told of them, and what is told besides."""
    wrong, judging, known = [], Judge(botocore.session.Session()), known_faults()[0]
    with open(os.path.join(HERE, "wire_seeded.jsonl"), encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            line = json.loads(text)
            wanted = line.pop("expect")
            operation, found = judging.exchange(line)
            told = [
                "%s%s: %s" % (direction, " " + path if path else "", what) for direction, path, what in found
                if not is_known((operation, direction, path, what), known)]
            if len(told) != len(wanted) or not all(map(fnmatch.fnmatchcase, told, [w.replace("[", "[[]") for w in wanted])):
                wrong.append("wire_seeded.jsonl:%d: wanted %s, told %s" % (number, wanted, told))
    return wrong


def planted(line):
    """The exchange again with a member, header or element that nobody knows: once in the request, once in the answer."""
    for side in ("request", "answer"):
        again = json.loads(json.dumps(line))
        part = again if side == "request" else again["answer"]
        body = part.get("body") or {}
        text = body.get("text", "")
        if line["service"] in ("s3", "sagemaker-runtime"):
            part["headers"]["x-amz-nobody"] = "1"
        elif text.startswith("{"):
            body["text"] = '{"Nobody":1' + (text[1:] if text == "{}" else "," + text[1:])
        elif side == "request" and "x-amz-target" not in line["headers"]:
            body["text"] = text + "&Nobody=1"
        elif "Result>" in text:
            end = "</%sResult>" % line["operation"]
            body["text"] = text.replace(end, "<Nobody/>" + end)
        else:
            continue
        body["bytes"] = len(body.get("text", "").encode())
        yield side, again


def main(words):
    verbose = "-v" in words
    files = [word for word in words if word != "-v"]
    if not files:
        files = sorted(glob.glob(os.path.join(os.environ.get("BUILD", "build"), "wire", "*.jsonl")))
    files = [name for name in files if os.path.getsize(name) > 0]
    files.sort(key=os.path.getsize, reverse=True)
    counts, faults, first, samples = collections.Counter(), collections.Counter(), {}, {}
    known, wrong = known_faults()
    with multiprocessing.Pool(min(len(os.sched_getaffinity(0)), max(len(files), 1))) as pool:
        for some, found, places, good in pool.imap_unordered(judge_file, files):
            counts.update(some)
            samples.update(good)
            faults.update(found)
            for key, place in places.items():
                first.setdefault(key, place)
    fresh = [key for key in sorted(faults) if not is_known(key, known)]
    if verbose:
        for operation, times in sorted(counts.items()):
            print("# %7d %s" % (times, operation))
    print("# botocore %s: %d exchanges of %d operations in %d files; %d known faults" % (
        botocore.__version__, sum(counts.values()), len(counts), len(files), len(faults) - len(fresh)))
    for key in fresh[:SHOWN]:
        show(key, faults[key], first[key])
    if len(fresh) > SHOWN:
        print("# and %d more" % (len(fresh) - SHOWN))
    for text in wrong:
        print("# " + text)
    print("%s 1 - there is something to judge" % ("ok" if counts else "not ok"))
    print("%s 2 - requests and answers are as AWS's models say (%d faults)" % ("not ok" if fresh else "ok", len(fresh)))
    print("%s 3 - what an older botocore does not know is listed with its reason" % ("not ok" if wrong else "ok"))
    silent = seeded()
    judging = Judge(botocore.session.Session())
    for operation, line in sorted(samples.items()):
        silent += ["%s: a planted member of the %s is not told" % (operation, side)
                   for side, again in planted(line) if not judging.exchange(again)[1]]
    for text in silent:
        print("# " + text)
    print("%s 4 - each planted fault is told, and nothing else" % ("not ok" if silent else "ok"))
    print("1..4")
    return 1 if fresh or wrong or silent or not counts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
