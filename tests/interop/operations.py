#!/usr/bin/python3
"""Holds the table of operations in engine/aws/README.md against the code and against botocore's models: every operation
that engine/aws or engine/kinds names is in it, in the row of its file and its model, and every one in it is named there;
what the stand-ins of this run recorded of mmectl (BUILD/wire/*.jsonl) is in it. TAP.

    tests/interop/operations.py [--write]    --write: puts the table that the code wants into the page
"""
import collections
import glob
import json
import os
import re
import sys

sys.dont_write_bytecode = True
if os.environ.get("MMECTL_BOTOCORE"):
    sys.path.insert(0, os.environ["MMECTL_BOTOCORE"])

import botocore
import botocore.session

PAGE = "engine/aws/README.md"
BEGIN, END = "<!-- operations -->\n", "<!-- /operations -->\n"
HEAD = "| model | from | operations |\n|---|---|---|\n"
# botocore's names, in the order of the page, with the versions of their models.
MODELS = {
    "sts": "2011-06-15", "iam": "2010-05-08", "s3": "2006-03-01", "sagemaker": "2017-07-24", "sagemaker-runtime": "2017-05-13",
    "logs": "2014-03-28", "application-autoscaling": "2016-02-06", "cloudwatch": "2010-08-01", "sso": "2019-06-10",
    "sso-oidc": "2019-06-10",
}
# They speak of operations that others send: what an error means, which actions are allowed, what is asked of a proxy.
SPEAK_OF = {"engine/aws/fault_rules.c", "engine/aws/fault.c", "engine/aws/aws.c", "engine/aws/json_call.c", "engine/kinds/permissions.c",
            "engine/kinds/permission_groups.c"}
# What an older botocore than 1.43 does not have.
NEWER = {("sagemaker", "DeleteTrainingJob")}
VERSION = tuple(int(part) for part in botocore.__version__.split(".")[:3])


def known_operations():
    session = botocore.session.Session()
    out = collections.defaultdict(list)
    for model in MODELS:
        for name in session.get_service_model(model).operation_names:
            out[name].append(model)
    for model, name in NEWER:
        if VERSION < (1, 43) and model not in out[name]:
            out[name].append(model)
    return out


def model_of(name, models, text):
    """Where two services have an operation of that name (ListTags), the file says which it calls."""
    if len(models) == 1:
        return models[0]
    marks = {"sagemaker": "AWS_SAGEMAKER", "logs": "AWS_LOGS", "application-autoscaling": "AWS_SCALING", "cloudwatch": "AWS_CLOUDWATCH"}
    called = [model for model in models if marks.get(model, "\0") in text]
    return called[0] if len(called) == 1 else None


def operations_of_code(known):
    """{(model, file, operation)}"""
    out = set()
    for path in sorted(glob.glob("engine/aws/*.c") + glob.glob("engine/kinds/*.c")):
        if path in SPEAK_OF:
            continue
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/", " ", file.read(), flags=re.S)
        for name in set(re.findall(r'"([A-Z][A-Za-z0-9]+)"', text)):
            model = model_of(name, known[name], text) if name in known else None
            if model is not None:
                out.add((model, path, name))
    return out


def shown(operations):
    rows = collections.defaultdict(list)
    for model, path, name in operations:
        rows[model, path].append(name)
    order = list(MODELS)
    return HEAD + "".join(
        "| %s/%s | `%s` | %s |\n" % (model, MODELS[model], path[len("engine/"):], ", ".join(sorted(names)))
        for (model, path), names in sorted(rows.items(), key=lambda row: (order.index(row[0][0]), row[0][1])))


def sent_by_us(path):
    """The operations of one record that came from mmectl itself."""
    with open(path, encoding="utf-8") as file:
        for text in file:
            if not text.endswith("\n"):
                continue
            line = json.loads(text)
            agent = {name.lower(): value for name, value in line.get("headers", {}).items()}.get("user-agent", "")
            if agent.startswith("mmectl/") and line.get("operation"):
                yield line["operation"]


def main():
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    before, _, rest = page.partition(BEGIN)
    table, _, after = rest.partition(END)
    operations = operations_of_code(known_operations())
    wanted = shown(operations)
    if sys.argv[1:] == ["--write"]:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(before + BEGIN + wanted + END + after)
        return 0
    listed = {name.strip() for row in table.splitlines()[2:] for name in row.split("|")[3].split(",")} if after else set()
    records = glob.glob(os.path.join(os.environ.get("BUILD", "build"), "wire", "*.jsonl"))
    sent = {name for path in records for name in sent_by_us(path)}
    unlisted = sorted(sent - listed - {""})
    print("1..3")
    print("%sok 1 - %d operations are found in the code" % ("" if len(operations) > 60 else "not ", len(operations)))
    same = table == wanted
    if not same:
        have, want = set(table.splitlines()), set(wanted.splitlines())
        for line in sorted(want - have):
            print("# missing in %s: %s" % (PAGE, line))
        for line in sorted(have - want):
            print("# wrong in %s: %s" % (PAGE, line))
        print("# tests/interop/operations.py --write puts it right; then read the difference")
    print("%sok 2 - %s lists them" % ("" if same else "not ", PAGE))
    print("# %d operations of mmectl in %d records" % (len(sent), len(records)))
    if unlisted:
        print("# sent, and not listed: %s" % ", ".join(unlisted))
    print("%sok 3 - and all that was recorded of mmectl" % ("" if not unlisted else "not "))
    return 0 if same and not unlisted and len(operations) > 60 else 1


sys.exit(main())
