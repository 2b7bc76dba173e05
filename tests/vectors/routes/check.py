"""Prints TAP: examples/clients/mme_client.py against the vectors beside this file. From the root of the tree."""

import json
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, "examples/clients")
import mme_client  # noqa: E402

count = 0


def check(good, name):
    global count
    count += 1
    print("%s %d - Python: %s" % ("ok" if good else "not ok", count, name))


def stack(split, published):
    models = {name: {"live": "00", "key": "p/models/%s--00.tar.gz" % name} for name in published}
    return mme_client.Stack(json.dumps({"format": 1, "models": models, "routes": {"churn": {"split": split, "shadow": "a"}}}))


def fails(kind, call):
    try:
        call()
    except kind:
        return True
    return False


with open("tests/vectors/routes/routes.json") as file:
    vectors = json.load(file)
wrong = [v for v in vectors["costs"] if mme_client.cost(v["route"], v["model"], v["key"]) != v["cost"]]
check(len(vectors["costs"]) > 50 and not wrong, "%d costs" % len(vectors["costs"]))
for case in vectors["picks"]:
    one = stack(case["split"], case["published"])
    wrong = {key: one.pick("churn", key) for key, want in case["answers"].items() if one.pick("churn", key) != want}
    check(case["answers"] and not wrong, case["note"])
one = stack({"a": 1}, ["a", "b"])
check(one.resolve("churn", "k") == ("a", "a--00.tar.gz", "00"), "a route's TargetModel")
check(one.resolve("b") == ("b", "b--00.tar.gz", "00"), "a model's TargetModel")
check(one.shadow("churn").model == "a" and one.shadow("b") is None, "the shadow")
check(fails(ValueError, lambda: one.resolve("churn")), "a route without a key is refused")
check(fails(LookupError, lambda: one.resolve("nobody", "k")), "an unknown name is refused")
check(fails(LookupError, lambda: stack({"a": 1}, []).resolve("churn", "k")), "a route without a published model is refused")
check(fails(ValueError, lambda: mme_client.Stack('{"format": 2}')), "a newer format is refused")
print("1..%d" % count)
