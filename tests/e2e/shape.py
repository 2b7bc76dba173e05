"""What a world holds, from `mmectl local status -json`, without what differs from run to run.

Left out: what training leaves behind and the older versions that are kept, times, process ids, ports, request ids, log
events, and of control/stack.json everything but that it is there (its serial and writer differ).
"""
import json
import re
import sys

VOLATILE = re.compile(r"(time|date|_ms|pid|port|url|started|serial|stream|event|generation_id|fleet)$", re.I)
ATTEMPT = re.compile(r"(-t-[0-9a-f]{12})-\d+")


def by_product(node):
    key = str(node.get("key", "")) if isinstance(node, dict) else ""
    return "/training/" in key or "/versions/" in key


def clean(node):
    if isinstance(node, dict):
        node = {k: v for k, v in node.items() if k not in ("trainingJobs", "logGroups")}
        if str(node.get("key", "")).endswith("control/stack.json"):
            return {"key": node["key"]}
        return {k: clean(v) for k, v in sorted(node.items()) if not VOLATILE.search(k)}
    if isinstance(node, list):
        return sorted((clean(v) for v in node if not by_product(v)), key=lambda v: json.dumps(v, sort_keys=True))
    return ATTEMPT.sub(r"\1", node) if isinstance(node, str) else node


print(json.dumps(clean(json.load(sys.stdin).get("world")), indent=1, sort_keys=True))
