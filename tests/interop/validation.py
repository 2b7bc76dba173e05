#!/usr/bin/python3
"""Every constraint that AWS's service models put on a request is one that the stand-in tells, in AWS's words.

    tests/interop/validation.py            TAP; needs MMECTL and MMECTL_HOME as from tests/run.sh
    tests/interop/validation.py --write    writes engine/local/shapes_*.c anew from the installed botocore

The stand-in's tables are what botocore's models say: with the botocore that they were written from, that is tested first.
Then, for each operation, a request that is right is made from the table, and for each member that can be reached and each
of its constraints (required, length, pattern, enum, range) the same request with that one broken. It is sent past all
checks of a client and must be answered 400 with the service's code for it, the member's path and the constraint; the same
with a value that is right must not. MMECTL_BOTOCORE=FOLDER takes another botocore than the installed one.
"""
import http.client
import json
import os
import re
import subprocess
import sys
import urllib.parse

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
if os.environ.get("MMECTL_BOTOCORE"):
    sys.path.insert(0, os.environ["MMECTL_BOTOCORE"])

import botocore
import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from models import tables
from models.shapes import pattern_of

MMECTL = os.environ.get("MMECTL", "build/mmectl")
TARGETS = {
    "LOCAL_SAGEMAKER": "SageMaker", "LOCAL_LOGS": "Logs_20140328", "LOCAL_SCALING": "AnyScaleFrontendService",
    "LOCAL_CLOUDWATCH": "GraniteServiceVersion20100801"}
VERSIONS = {"LOCAL_STS": "2011-06-15", "LOCAL_IAM": "2010-05-08"}  # these speak forms
SCOPES = {"cloudwatch": "monitoring"}
CODES = {
    "sagemaker": "ValidationException", "application-autoscaling": "ValidationException",
    "logs": "InvalidParameterException", "cloudwatch": "ValidationError", "sts": "ValidationError", "iam": "ValidationError",
}
# A text of each pattern that the models use; the shortest that is allowed is padded from it.
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:"
SAMPLES = [
    "a", "aa1", "a/b", "ab/cd", "s3://bucket/key", "https://host/key", "s3://b", "arn:aws:iam::123456789012:role/role",
    ARN + "model/a", ARN + "training-plan/a", ARN + "mlflow-app/a", ARN + "model-package-group/a", ARN + "model-package/a",
    "arn:aws:sns:eu-west-1:123456789012:topic", "arn:aws:lambda:eu-west-1:123456789012:function:f", "fs-01234567",
    "arn:aws:sagemaker:eu-west-1:aws:hub-content/hub/DataSet/d/1.0.0",
    "arn:aws:sagemaker:eu-west-1:aws:hub-content/hub/Model/m/1.0.0", "123456789012", "application/json", "/group", "1",
    "arn:aws:iam::123456789012:policy/p", "arn:aws:iam::123456789012:saml-provider/p",
    "2026-01-01T00:00:00", "alias/x", "eyJ0", "Aa1+/=",
]
WRONG = ["!", " ", "\n", "-", ":", "*", "é", "\x01", "?", "{", "a b", "_", "s3:/", "aaaaaaaaaaaaaaaaaaaaaaaa!"]
count = failed = 0


def check(good, name, *notes):
    global count, failed
    count += 1
    failed += not good
    print(("ok" if good else "not ok"), count, "-", name)
    if not good:
        for note in notes:
            print("#", note)
    return good


# ---------------------------------------------------------------- values


class Unreachable(Exception):
    pass


def limits(shape):
    return shape.metadata.get("min"), shape.metadata.get("max")


def matches(shape, text):
    pattern = shape.metadata.get("pattern")
    if not pattern:
        return True
    compiled = pattern_of(pattern)
    return compiled is not None and compiled.fullmatch(text) is not None


def good_text(shape):
    low, high = limits(shape)
    if shape.enum:
        return shape.enum[0]
    for sample in SAMPLES:
        for pad in ("", "a", "0", "/a"):
            text = sample
            while pad and len(text) < (low or 0):
                text += pad
            if len(text) >= (low or 0) and (high is None or len(text) <= high) and matches(shape, text):
                return text
    raise AssertionError("no sample matches %s of %s" % (shape.metadata.get("pattern"), shape.name))


def good(shape, holding=()):
    """The least value that its shape allows."""
    low, high = limits(shape)
    kind = shape.type_name
    if kind == "structure":
        if shape.name in holding:
            raise Unreachable
        return {name: good(shape.members[name], holding + (shape.name,)) for name in shape.required_members}
    if kind == "list":
        return [good(shape.member, holding) for _ in range(int(low or 0))]
    if kind == "map":
        return {good_text(shape.key) + "a" * i: good(shape.value, holding) for i in range(int(low or 0))}
    if kind in ("string", "blob"):
        return good_text(shape)
    if kind == "boolean":
        return True
    if kind == "timestamp":
        return 1700000000
    return low if low is not None else min(1, high) if high is not None else 1


def too_long(shape, low, high):
    base = good_text(shape) if not shape.enum else "a"
    for pad in ("a", "0", "/a"):
        text = base + pad * (high + 1 - len(base))
        if len(text) == high + 1:
            return text
    raise AssertionError


def broken_text(shape):
    """[(value, constraint)] of a string."""
    low, high = limits(shape)
    if shape.enum:
        yield "no such value", "Member must satisfy enum value set: ["
        return
    if high is not None and high <= 20000:
        yield too_long(shape, low, high), "Member must have length less than or equal to %d" % high
    if low:
        yield good_text(shape)[:low - 1], "Member must have length greater than or equal to %d" % low
    pattern = shape.metadata.get("pattern")
    if pattern:
        compiled = pattern_of(pattern)
        for wrong in WRONG:
            text = wrong * max(1, (low or 1) // len(wrong) + 1)
            text = text[:high] if high is not None else text
            if compiled is not None and len(text) >= (low or 0) and not compiled.fullmatch(text):
                yield text, "Member must satisfy regular expression pattern: " + pattern
                return


def broken(shape):
    """[(value, where below the member, constraint)] of one value of any kind."""
    low, high = limits(shape)
    kind = shape.type_name
    if kind in ("string", "blob"):
        for value, what in broken_text(shape):
            yield value, "", what
    elif kind in ("integer", "long", "float", "double"):
        if low is not None:
            yield low - 1, "", "Member must have value greater than or equal to %s" % low
        if high is not None:
            yield high + 1, "", "Member must have value less than or equal to %s" % high
    elif kind == "list":
        if low:
            yield [good(shape.member)] * (low - 1), "", "Member must have length greater than or equal to %d" % low
        if high is not None and high <= 5000:
            yield [good(shape.member)] * (high + 1), "", "Member must have length less than or equal to %d" % high
        if shape.member.type_name == "string":
            for value, what in broken_text(shape.member):
                yield [value] * max(1, low or 0), "", ("Member must satisfy constraint: [", what)
    elif kind == "map":
        if high is not None and high <= 5000 and shape.key.type_name == "string" and not shape.key.enum:
            base = good_text(shape.key)
            many = {"%s%d" % (base, i): good(shape.value) for i in range(high + 1)}
            yield many, "", "Member must have length less than or equal to %d" % high
        for value, what in broken_text(shape.key):
            yield {value: good(shape.value)}, "", ("Map keys must satisfy constraint: [", what)
        if shape.value.type_name == "string":
            for value, what in broken_text(shape.value):
                yield {good_text(shape.key): value}, "", ("Map value must satisfy constraint: [", what)


def camel(name):
    return name[:1].lower() + name[1:]


def places(shape, holding=()):
    """[(put, path, shape, required)] of every member within a structure; put(request, value) sets it, None removes it."""
    if shape.name in holding:
        return
    holding += (shape.name,)
    for name, member in shape.members.items():
        def here(request, value, name=name):
            if value is None:
                request.pop(name, None)
            else:
                request[name] = value
        yield here, camel(name), member, name in shape.required_members
        yield from below(here, camel(name), member, holding)


def below(put, path, shape, holding):
    """The members within one value."""
    kind = shape.type_name
    inner = shape if kind == "structure" else shape.member if kind == "list" else shape.value if kind == "map" else None
    if inner is None or inner.type_name not in ("structure", "list", "map") or inner.name in holding:
        return
    where = path
    if kind == "list":
        where = path + ".1.member"
    elif kind == "map":
        where = "%s.%s.member" % (path, good_text(shape.key))

    def wrap(value):
        if kind == "list":
            return [value] + [good(inner)] * (int(limits(shape)[0] or 0) - 1)
        return {good_text(shape.key): value} if kind == "map" else value

    if inner.type_name != "structure":
        yield lambda request, value: put(request, wrap(value)), where, inner, False
        yield from below(lambda request, value: put(request, wrap(value)), where, inner, holding)
        return
    for deeper, tail, member, required in places(inner, holding):
        def set_deep(request, value, deeper=deeper):
            whole = good(inner)
            deeper(whole, value)
            put(request, wrap(whole))
        yield set_deep, "%s.%s" % (where, tail), member, required


# ---------------------------------------------------------------- requests


def environment():
    os.environ.pop("MMECTL_LOCAL_RECORD", None)  # wire.py has no use for requests that are wrong on purpose
    out = subprocess.run([MMECTL, "local", "env"], capture_output=True, check=True).stdout.decode()
    return dict(re.findall(r"^export (\w+)='?([^'\n]*)'?$", out, re.M))


def flat(path, value):
    """The names and values of a form."""
    if path and value in ([], {}):
        yield path, ""  # as botocore says that there is nothing
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from flat(path + "." + name if path else name, inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from flat("%s.member.%d" % (path, number), inner)
    else:
        yield path, str(value).lower() if isinstance(value, bool) else value


class Caller:
    def __init__(self, where):
        self.url = where["AWS_ENDPOINT_URL"]
        self.region = where["AWS_REGION"]
        self.keys = Credentials(where["AWS_ACCESS_KEY_ID"], where["AWS_SECRET_ACCESS_KEY"])
        self.http = http.client.HTTPConnection(urllib.parse.urlparse(self.url).netloc)

    def send(self, service, operation, params):
        """(status, code, message), with no check on the way."""
        if service in VERSIONS:
            form = [("Action", operation), ("Version", VERSIONS[service])] + list(flat("", params))
            body = urllib.parse.urlencode(form).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        else:
            body = json.dumps(params).encode()
            headers = {
                "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "%s.%s" % (TARGETS[service], operation)}
        service = tables.SERVICES[service]
        request = AWSRequest("POST", self.url + "/", data=body, headers=headers)
        SigV4Auth(self.keys, SCOPES.get(service, service), self.region).add_auth(request)
        self.http.request("POST", "/", body=body, headers=dict(request.headers.items()))
        answer = self.http.getresponse()
        text = answer.read().decode()
        if text.startswith("{"):
            said = json.loads(text)
            return answer.status, said.get("__type", ""), said.get("message", "")
        found = [re.search("<%s>(.*?)</%s>" % (tag, tag), text, re.S) for tag in ("Code", "Message")]
        plain = [re.sub("&(lt|gt|quot|apos|amp);", lambda m: dict(lt="<", gt=">", quot='"', apos="'", amp="&")[m[1]], m[1]) if m else "" for m in found]
        return answer.status, plain[0], plain[1]


def judge(caller, service, operation, shape):
    """How many constraints were broken one by one, and what was wrong with the answers."""
    wrong, sent, wanted_code = [], 0, CODES[tables.SERVICES[service]]
    for put, path, member, required in places(shape):
        request = good(shape)
        put(request, good(member))
        status, code, message = caller.send(service, operation, request)
        if "validation error" in message or code == "SerializationException":
            wrong.append("%s %s, right: refused as %s: %.300s" % (operation, path, code, message))
        cases = list(broken(member))
        if required:
            cases.append((None, "", "Member must not be null"))
        for value, tail, what in cases:
            request = good(shape)
            put(request, value)
            status, code, message = caller.send(service, operation, request)
            sent += 1
            parts = (what,) if isinstance(what, str) else what
            start = message.find("at '%s%s' failed to satisfy constraint: %s" % (path, tail, parts[0]))
            good_answer = status == 400 and code == wanted_code and start >= 0 and all(part in message[start:] for part in parts)
            good_answer = good_answer and re.match(r"\d+ validation errors? detected: Value ", message) is not None
            if not good_answer:
                wrong.append("%s %s, broken as '%.60s': wanted %s, got %s %s: %.300s" % (
                    operation, path, value, what, status, code, message))
    return sent, wrong


def main():
    session = botocore.session.Session()
    if "--write" in sys.argv:
        for which in tables.FILES:
            with open(tables.path_of(which), "w") as file:
                file.write(tables.write(session, which, botocore.__version__))
        return
    inputs = {}
    for which in tables.FILES:
        inputs.update(tables.read(which))
        with open(tables.path_of(which)) as file:
            text = file.read()
        made_of = re.search(r"from botocore (\S+)'s", text).group(1)
        name = "shapes_%s.c is what botocore %s says" % (which, made_of)
        if made_of == botocore.__version__:
            check(text == tables.write(session, which, made_of), name, "run tests/interop/validation.py --write")
        else:
            check(True, "%s # skip botocore %s is installed" % (name, botocore.__version__))
    caller = Caller(environment())
    for service, name in tables.operations():
        if service not in tables.SERVICES:
            continue
        shape = inputs.get((service, name))
        if check(shape is not None, "%s %s has a table" % (tables.SERVICES[service], name)):
            sent, wrong = judge(caller, service, name, shape)
            check(not wrong, "%s: %d broken constraints are told" % (name, sent), *wrong[:20])
    print("1..%d" % count)
    sys.exit(failed > 0)


main()
