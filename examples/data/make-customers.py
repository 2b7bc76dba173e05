#!/usr/bin/env python3
"""Writes customers-train.csv and customers-validation.csv beside this file.

Takes breast-cancer-train.csv and breast-cancer-validation.csv, row by row, and puts a customer in
front of each: the names below in turn, so that the same bytes come out every time. Needs nothing
but Python.

Format: the customer, then the label, then the 30 features; no header row.
"""

import pathlib

# In turn, so some have three rows of ten and others one.
CUSTOMERS = ["acme", "globex", "initech", "acme", "globex", "hooli", "acme", "Müller & Söhne", "globex", "initech"]
LATE = "started-yesterday"  # every 60th row
EVERY = 60


def main():
    folder = pathlib.Path(__file__).resolve().parent
    for name in ("train", "validation"):
        rows = (folder / f"breast-cancer-{name}.csv").read_text("ascii").splitlines()
        path = folder / f"customers-{name}.csv"
        lines = [f"{customer_of(number)},{row}\n" for number, row in enumerate(rows)]
        path.write_bytes("".join(lines).encode("utf-8"))
        print(f"{path.name}: {len(rows)} rows")


def customer_of(number):
    return LATE if number % EVERY == EVERY - 1 else CUSTOMERS[number % len(CUSTOMERS)]


if __name__ == "__main__":
    main()
