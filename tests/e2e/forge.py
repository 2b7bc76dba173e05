#!/usr/bin/env python3
"""Stands on PATH for what a pipeline's shell steps call besides mmectl: gh, curl, git, make, apt-get.

$FORGE/state.json holds what GitHub or GitLab would: comments, issues, runs. Every call is added to $FORGE/calls. A call that
the services would not take, or that this does not know, fails.
"""
import json
import os
import shutil
import subprocess
import sys
import urllib.parse

FORGE = os.environ["FORGE"]
tool, words = os.path.basename(sys.argv[0]), sys.argv[1:]
with open(f"{FORGE}/calls", "a") as calls:
    calls.write(" ".join([tool, *words]).replace("\n", " ") + "\n")
state = json.load(open(f"{FORGE}/state.json"))


def save():
    with open(f"{FORGE}/state.json", "w") as out:
        json.dump(state, out, indent=1)


def option(*names):
    """Takes an option and its value out of the words."""
    for name in names:
        if name in words:
            at = words.index(name)
            value = words[at + 1]
            del words[at:at + 2]
            return value
    return None


def flag(name):
    found = name in words
    if found:
        words.remove(name)
    return found


def jq(value, expression):
    text = json.dumps(value)
    if expression is not None:
        text = subprocess.run(["jq", "-r", expression], input=text, text=True, check=True, stdout=subprocess.PIPE).stdout
    sys.stdout.write(text)


def read(name):
    with open(name) as file:
        text = file.read()
    assert len(text) < 65536, "GitHub takes comments below 65,536 characters"
    return text


def new_id():
    state["last"] += 1
    return state["last"]


# ---- GitHub: https://cli.github.com/manual ----

def gh_api():
    assert os.environ["GH_TOKEN"] == "forge-token"
    method, field, expression = option("--method") or "GET", option("--field"), option("--jq")
    silent = flag("--silent")
    flag("--paginate")
    path, _, query = words[1].partition("?")
    parts = path.split("/")
    assert "/".join(parts[:3]) == "repos/team/models" and len(words) == 2, words
    body = read(field.split("=@", 1)[1]) if field else None
    if parts[3:4] == ["issues"] and parts[4:5] == ["comments"] and method == "PATCH":
        comment = [c for c in state["comments"] if c["id"] == int(parts[5])][0]
        comment.update(body=body, edits=comment["edits"] + 1)
        answer = comment
    elif parts[3] == "issues" and parts[5] == "comments" and method == "POST":
        answer = {"id": new_id(), "on": int(parts[4]), "body": body, "edits": 0}
        state["comments"].append(answer)
    elif parts[3] == "issues" and parts[5] == "comments" and method == "GET":
        answer = [c for c in state["comments"] if c["on"] == int(parts[4])]
    elif parts[3] == "commits" and parts[5] == "pulls":
        answer = [{"head": {"sha": sha}} for sha, merge in state["merges"].items() if merge == parts[4]]
    elif parts[3:6] == ["actions", "workflows", "mmectl.yml"]:
        asked = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        assert asked["event"] == "pull_request" and asked["status"] == "success"
        runs = [{"id": run} for run, sha in state["runs"].items() if sha == asked["head_sha"]]
        answer = {"workflow_runs": runs[::-1]}
    else:
        sys.exit(f"gh: unknown call {words}")
    save()
    if not silent:
        jq(answer, expression)


def gh():
    if words[0] == "api":
        gh_api()
        return
    verb = " ".join(words[:2])
    if verb == "run download":
        shutil.copytree(f"{FORGE}/artifacts/{words[2]}/{option('--name')}", ".", dirs_exist_ok=True)
    elif verb == "issue list":
        label, expression = option("--label"), option("--jq")
        open_ones = [{"number": i["id"]} for i in state["issues"] if i["open"] and i["label"] == label]
        jq(open_ones, expression)
    elif verb == "issue create":
        issue = {"id": new_id(), "open": True, "label": option("--label"), "title": option("--title"),
                 "body": read(option("--body-file")), "edits": 0}
        assert issue["label"] in state["labels"], "gh refuses labels that do not exist"
        state["issues"].append(issue)
    elif verb in ("issue edit", "issue close"):
        issue = [i for i in state["issues"] if i["id"] == int(words[2])][0]
        if verb == "issue close":
            issue.update(open=False)
        else:
            issue.update(body=read(option("--body-file")), edits=issue["edits"] + 1)
    elif verb == "label create":
        state["labels"].append(words[2])
    else:
        sys.exit(f"gh: unknown call {words}")
    save()


# ---- GitLab's API: https://docs.gitlab.com/api/rest/ ----

def data_fields():
    fields = {}
    while (pair := option("--data-urlencode")) is not None:
        name, mark, value = pair.partition("@") if "=" not in pair.split("@")[0] else pair.partition("=")
        fields[name] = read(value) if mark == "@" else value
    return fields


def curl():
    assert flag("-fsS") and option("-H") == "PRIVATE-TOKEN: forge-token"
    method, fields = option("-X") or "GET", data_fields()
    assert len(words) == 1, words
    path, _, query = words[0].partition("?")
    base = os.environ["CI_API_V4_URL"] + "/projects/7/"
    assert path.startswith(base), path
    parts = path[len(base):].split("/")
    if parts[0] == "merge_requests" and parts[2] == "notes" and method == "GET":
        answer = [c for c in state["comments"] if c["on"] == int(parts[1])]
    elif parts[0] == "merge_requests" and parts[2] == "notes" and method == "POST":
        answer = {"id": new_id(), "on": int(parts[1]), "body": fields["body"], "edits": 0}
        state["comments"].append(answer)
    elif parts[0] == "merge_requests" and parts[2] == "notes" and method == "PUT":
        answer = [c for c in state["comments"] if c["id"] == int(parts[3])][0]
        answer.update(body=fields["body"], edits=answer["edits"] + 1)
    elif parts[:2] == ["repository", "commits"] and parts[3] == "merge_requests":
        answer = [{"iid": 12, "state": "merged", "sha": sha} for sha, merge in state["merges"].items() if merge == parts[2]]
        state["asked"] = answer[0]["sha"] if answer else None
    elif parts[0] == "merge_requests" and parts[2] == "pipelines":
        answer = [{"id": run, "status": "success"} for run, sha in state["runs"].items() if sha == state["asked"]][::-1]
    elif parts[0] == "pipelines" and parts[2] == "jobs":
        answer = [{"id": f"lint-{parts[1]}", "name": "lint"}, {"id": parts[1], "name": "plan"}]
    elif parts[0] == "jobs" and parts[2] == "artifacts":
        save()
        with open(f"{FORGE}/artifacts/{parts[1]}/{parts[3]}", "rb") as file:
            sys.stdout.buffer.write(file.read())
        return
    elif parts[0] == "issues" and method == "GET":
        label = dict(urllib.parse.parse_qsl(query))["labels"]
        answer = [{"iid": i["id"]} for i in state["issues"] if i["open"] and i["label"] == label]
    elif parts[0] == "issues" and method == "POST":
        answer = {"id": new_id(), "open": True, "label": fields["labels"], "title": fields["title"],
                  "body": fields["description"], "edits": 0}
        state["issues"].append(answer)
    elif parts[0] == "issues" and method == "PUT":
        answer = [i for i in state["issues"] if i["id"] == int(parts[1])][0]
        if fields.get("state_event") == "close":
            answer.update(open=False)
        else:
            answer.update(body=fields["description"], edits=answer["edits"] + 1)
    else:
        sys.exit(f"curl: unknown call {method} {path}")
    save()
    json.dump(answer, sys.stdout)


# ---- building ----

def git():
    assert words[0] == "clone" and words[-3:] == ["v1", "https://git.example/mmectl.git", ".mmectl"], words
    os.mkdir(".mmectl")


def make():
    assert words[:2] == ["-C", ".mmectl"] and os.path.isdir(".mmectl"), words
    if "install" in words:
        target = f"{FORGE}/installed/mmectl"
        if not os.path.lexists(target):
            os.symlink(os.environ["MMECTL"], target)


{"gh": gh, "curl": curl, "git": git, "make": make, "apt-get": lambda: None}[tool]()
