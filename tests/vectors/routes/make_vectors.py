"""Prints routes.json: what routes must resolve to, worked out by another way than the clients take.

The costs come from the logarithm itself, to 60 digits (decimal), and are compared with what the bit-by-bit rule of
engine/stack/routes.md gives; so a mistake of the rule's text shows as well as one in a client. Run it from the root of
the tree: python3 tests/vectors/routes/make_vectors.py > tests/vectors/routes/routes.json
"""

import decimal
import hashlib
import json
import sys

sys.path.insert(0, "examples/clients")
import mme_client  # noqa: E402

decimal.getcontext().prec = 60
TWO = decimal.Decimal(2)


def true_cost(route, model, key):
    digest = hashlib.sha256(route.encode() + b"\0" + model.encode() + b"\0" + key.encode("utf-8")).digest()
    value = int.from_bytes(digest[:8], "big") | 1
    return -(decimal.Decimal(value) / (1 << 64)).ln() / TWO.ln()


def record(split, published, shadow):
    route = {"split": split}
    if shadow:
        route["shadow"] = shadow
    return {
        "format": 1,
        "endpoints": ["demo"],
        "models": {m: {"live": "00", "key": "demo/models/%s--00.tar.gz" % m} for m in published},
        "routes": {"churn": route},
    }


def case(note, split, keys, published=None, shadow=None):
    published = list(split) if published is None else published
    stack = mme_client.Stack(json.dumps(record(split, published, shadow)))
    answers = {}
    for key in keys:
        there = [m for m in split if m in published and mme_client.is_weight(split[m])]
        costs = {m: true_cost("churn", m, key) / int(split[m]) for m in there}
        best = min(costs, key=lambda m: (costs[m], m)) if costs else None
        assert best == stack.pick("churn", key), (note, key)
        answers[key] = best
    return {"note": note, "route": "churn", "split": split, "published": published, "answers": answers}


def main():
    keys = [str(i) for i in range(20)] + ["customer-%d" % i for i in range(20)]
    odd = ["", " ", "a", "A", "Ä", "ü@例え.jp", "\u00e9", "e\u0301", "🦀", "x" * 500, "a b", "a\nb", "0", "00", "-1", "null"]
    costs = []
    for key in keys[:10] + odd:
        for route, model in (("churn", "a"), ("churn", "b"), ("churn2", "a"), ("c", "hurn")):
            cost = mme_client.cost(route, model, key)
            assert abs(decimal.Decimal(cost) / (1 << 32) - true_cost(route, model, key)) < decimal.Decimal(2) ** -28
            costs.append({"route": route, "model": model, "key": key, "cost": cost})
    cases = [
        case("two models, 90 to 10", {"a": 90, "b": 10}, keys + odd),
        case("the same at 80 to 20: keys move from a to b, and none back", {"a": 80, "b": 20}, keys + odd),
        case("the order of a split does not count", {"b": 20, "a": 80}, keys),
        case("only the proportion counts", {"a": 8, "b": 2}, keys),
        case("a third model takes keys from both", {"a": 80, "b": 20, "c": 50}, keys),
        case("one model gets everything", {"a": 1}, keys[:5]),
        case("the largest and the smallest weight", {"a": 10000, "b": 1}, keys + odd),
        case("a model that is not published is passed over", {"a": 80, "b": 20, "c": 50}, keys, ["a", "b"]),
        case("no model is published", {"a": 80, "b": 20}, keys[:3], []),
        case(
            "what is no weight is passed over",
            {"a": 50, "b": 50, "c": 0, "d": -7, "e": 10001, "f": 2.5, "g": "50", "h": True, "i": None, "j": 25.0},
            keys,
        ),
        case("ten models", {"model_%d" % i: 10 * i + 1 for i in range(10)}, keys),
    ]
    print(json.dumps({"comment": "engine/stack/routes.md; made by make_vectors.py", "costs": costs, "picks": cases}, indent=1))


main()
