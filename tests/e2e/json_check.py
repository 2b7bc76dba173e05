#!/usr/bin/env python3
"""Checks what --json printed: json_check.py plan|stream|document FILE; prints what is wrong, one line each.

The formats: https://developer.hashicorp.com/terraform/internals/json-format (1.2) and
https://developer.hashicorp.com/terraform/internals/machine-readable-ui (1.1).
"""
import collections
import json
import re
import sys

ACTIONS = (["no-op"], ["create"], ["update"], ["delete"], ["delete", "create"], ["create", "delete"])
RESOURCE = ("addr", "resource", "resource_type", "resource_name", "resource_key", "implied_provider", "module")


def strict(pairs):
    names = [name for name, _ in pairs]
    doubled = [name for name, count in collections.Counter(names).items() if count > 1]
    if doubled:
        raise ValueError(f"duplicate keys {doubled}")
    return dict(pairs)


def plan(text):
    document = json.loads(text, object_pairs_hook=strict)
    if not re.fullmatch(r"1\.\d+", document.get("format_version", "")):
        yield "no format_version"
    for key in ("terraform_version", "timestamp", "errored", "applyable", "complete", "resource_changes", "mmectl"):
        if key not in document:
            yield f"no {key}"
    for change in document["resource_changes"]:
        where = change.get("address")
        if change.get("mode") != "managed" or not where.startswith(f"{change.get('type')}.{change.get('name')}"):
            yield f"{where}: mode, type or name"
        if change["change"]["actions"] not in ACTIONS:
            yield f"{where}: actions {change['change']['actions']}"
        for key in ("before", "after", "after_unknown"):
            if key not in change["change"]:
                yield f"{where}: no change.{key}"
        actions = change["change"]["actions"]
        if (change["change"]["before"] is None) != (actions == ["create"]):
            yield f"{where}: before does not fit {actions}"
        if (change["change"]["after"] is None) != (actions == ["delete"]):
            yield f"{where}: after does not fit {actions}"
    own = document["mmectl"]
    for key in ("stack", "account", "region", "home", "endpoint", "summary", "cost", "warnings", "stats"):
        if key not in own:
            yield f"no mmectl.{key}"
    for key in ("requests", "mutating", "retried", "cpu_seconds", "max_rss_mib"):
        if key not in own["stats"]:
            yield f"no mmectl.stats.{key}"
    counts = collections.Counter()
    for change in document["resource_changes"]:
        for action in change["change"]["actions"]:
            counts[action] += change.get("mmectl", {}).get("members", 1)
    summary = [own["summary"][key] for key in ("add", "change", "destroy")]
    if summary != [counts["create"], counts["update"], counts["delete"]]:
        yield f"summary {summary} is not what the changes add up to, {dict(counts)}"


def stream(text):
    events = [json.loads(line, object_pairs_hook=strict) for line in text.splitlines()]
    if events[0]["type"] != "version" or not events[0]["ui"].startswith("1."):
        yield f"the first event is {events[0]}"
    started, ended, planned = collections.Counter(), collections.Counter(), collections.Counter()
    for event in events:
        kind = event["type"]
        if kind != "stats":
            for key in ("@level", "@message", "@module", "@timestamp"):
                if not event.get(key):
                    yield f"{kind}: no {key}"
            if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", event["@timestamp"]):
                yield f"{kind}: timestamp {event['@timestamp']}"
        if kind in ("planned_change", "apply_start", "apply_progress", "apply_complete", "apply_errored"):
            about = event["change" if kind == "planned_change" else "hook"]
            missing = [key for key in RESOURCE if key not in about["resource"]]
            if missing or not about.get("action"):
                yield f"{kind}: no {missing or 'action'}"
            address = about["resource"]["addr"]
            planned[address] += kind == "planned_change"
            started[address] += kind == "apply_start"
            ended[address] += kind in ("apply_complete", "apply_errored")
            if kind in ("apply_complete", "apply_errored", "apply_progress") and "elapsed_seconds" not in about:
                yield f"{kind}: no elapsed_seconds"
        elif kind == "diagnostic":
            if not event["diagnostic"].get("summary") or event["diagnostic"].get("severity") not in ("error", "warning"):
                yield f"diagnostic: {event}"
        elif kind == "change_summary":
            if sorted(key for key in event["changes"] if key != "import") != ["add", "change", "operation", "remove"]:
                yield f"change_summary: {event['changes']}"
    if started != ended:
        yield f"started and ended differ: {(started - ended) + (ended - started)}"
    for address in planned:
        if planned[address] != 1 and "training_output" not in address:
            yield f"{address} is planned {planned[address]} times"
    yield from ()


def document(text):
    parsed = json.loads(text, object_pairs_hook=strict)
    if not re.fullmatch(r"\d+\.\d+", parsed.get("format_version", "")):
        yield "no format_version"


faults = list({"plan": plan, "stream": stream, "document": document}[sys.argv[1]](open(sys.argv[2]).read()))
print("\n".join(faults), end="\n" if faults else "")
sys.exit(1 if faults else 0)
