#!/usr/bin/env python3
"""Writes breast-cancer-train.csv and breast-cancer-validation.csv beside this file.

Needs scikit-learn, which carries the data (pip install scikit-learn). The split is 80/20 by class
and depends on nothing but the data: within each class the rows are ordered by the SHA-256 of their
text, and the first fifth of them is the validation set. No random generator, no library's split, so
every version of everything writes the same bytes.

Format: label first (0 = malignant, 1 = benign), then the 30 features, no header row.
"""

import hashlib
import pathlib

from sklearn.datasets import load_breast_cancer


def main():
    data = load_breast_cancer()
    classes = {}
    for label, features in zip(data.target, data.data):
        line = ",".join([str(int(label))] + [repr(float(value)) for value in features])
        classes.setdefault(int(label), []).append(line)

    train, validation = [], []
    for label in sorted(classes):
        rows = sorted(classes[label], key=digest)
        held_out = round(len(rows) / 5)
        validation += rows[:held_out]
        train += rows[held_out:]

    folder = pathlib.Path(__file__).resolve().parent
    for name, rows in (("train", train), ("validation", validation)):
        rows.sort(key=digest)
        path = folder / f"breast-cancer-{name}.csv"
        path.write_bytes("".join(row + "\n" for row in rows).encode("ascii"))
        print(f"{path.name}: {len(rows)} rows")


def digest(line):
    return hashlib.sha256(line.encode("ascii")).hexdigest()


if __name__ == "__main__":
    main()
