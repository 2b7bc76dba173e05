"""What AWS's XGBoost 1.7-1 container does with a request in multi-model mode, in Python as it is there.

Written from the container's behaviour (csv.Sniffer, str.split, float(), str() and json.dumps() are what it uses itself)
and not from mmectl's C. Predictions come from libxgboost by xgb.py. Where mmectl differs on purpose, it says Refused: the
container answers 503 "Prediction failed" there, mmectl a 4xx with its reason.
"""
import csv
import json

import xgb


class Refused(Exception):
    pass


def parse_csv(text, features):
    line = text.split("\n")[0][:512]
    try:
        found = csv.Sniffer().sniff(line).delimiter
    except csv.Error as why:
        raise Refused(str(why))
    delimiter = "," if found.isalnum() else found
    try:
        rows = [[float("nan" if cell == "" else cell) for cell in line.split(delimiter)] for line in text.split("\n")]
    except ValueError as why:
        raise Refused(str(why))
    # mmectl checks the number of features; the container does so for pickled models alone.
    if any(len(row) != features for row in rows):
        raise Refused("%s columns, the model has %d features" % ([len(row) for row in rows], features))
    return xgb.Matrix.dense(rows)


def parse_libsvm(text, features):
    rows = []
    try:
        for line in text.split("\n"):
            pairs = [item.split(":")[:2] for item in line.split(" ") if ":" in item]
            rows.append({int(column): float(value) for column, value in pairs})
    except ValueError as why:
        raise Refused(str(why))
    if any(column >= features for row in rows for column in row):
        raise Refused("too many features")
    return xgb.Matrix.sparse(rows)


def evaluate(body, content_type, accept, default_accept, batch, boosters, features):
    """The content type and the bytes of the answer. boosters: (booster, best_ntree_limit), several for an ensemble."""
    text = body.strip().decode("utf-8")
    try:
        matrix = parse_csv(text, features) if "csv" in (content_type or "") else parse_libsvm(text, features)
        each = [booster.predict(matrix, trees) for booster, trees in boosters]
    except xgb.Error as why:
        raise Refused(str(why))
    predictions = each[0] if len(each) == 1 else mean(each)
    accept = accept if accept not in (None, "*/*") else default_accept
    if accept in ("text/csv", "csv"):
        lines = list(map(str, predictions))
        return accept, ("\n".join(lines) + "\n" if batch else ",".join(lines)).encode()
    return accept, json.dumps(predictions).encode()


# ---- numpy.mean(each, axis=0) of float32 arrays ----

def f32(value):
    return xgb.floats([value])[0]


def added(values):
    """What numpy's pairwise sum does with up to 128 values: up to seven in turn, more in eight columns."""
    if len(values) < 8:
        total = 0.0
        for value in values:
            total = f32(total + value)
        return total
    columns, whole = list(values[:8]), len(values) - len(values) % 8
    for i in range(8, whole):
        columns[i % 8] = f32(columns[i % 8] + values[i])
    a, b, c, d, e, f, g, h = columns
    total = f32(f32(f32(a + b) + f32(c + d)) + f32(f32(e + f) + f32(g + h)))
    for value in values[whole:]:
        total = f32(total + value)
    return total


def mean(each):
    """One value a model: numpy adds along the models, pairwise. Several: row by row, in turn."""
    if isinstance(each[0][0], list):
        width = len(each[0][0])
        flat = mean([[value for row in model for value in row] for model in each])
        return [flat[i:i + width] for i in range(0, len(flat), width)]
    if len(each[0]) == 1:
        return [f32(added([model[0] for model in each]) / len(each))]
    result = list(each[0])
    for model in each[1:]:
        result = [f32(x + y) for x, y in zip(result, model)]
    return [f32(x / len(each)) for x in result]
