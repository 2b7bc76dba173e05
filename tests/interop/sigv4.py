#!/usr/bin/python3
"""Signs ten thousand random requests with mmectl's signer and with botocore's, and presigns some: each signature must be
the same, and what the stand-in's side computes of the request as it arrives must be the same, too. TAP.

    tests/interop/sigv4.py [COUNT]    MMECTL_TEST_SEED=N replays a run; MMECTL_BOTOCORE=FOLDER takes another botocore
"""
import datetime
import json
import os
import random
import string
import subprocess
import sys
import types
import urllib.parse

sys.dont_write_bytecode = True
if os.environ.get("MMECTL_BOTOCORE"):
    sys.path.insert(0, os.environ["MMECTL_BOTOCORE"])

import botocore
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SEED = int(os.environ.get("MMECTL_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
R = random.Random(SEED)
SERVICES = ("s3", "s3", "s3", "sagemaker", "sts", "logs", "iam", "application-autoscaling", "monitoring", "execute-api")
REGIONS = ("us-east-1", "eu-central-1", "ap-southeast-3", "cn-north-1", "us-gov-west-1", "eu-isoe-west-1")
# With control characters no header or key could be sent.
ODD = "/ ~._-+=&%$#@!*'();:,?[]{}|\\^`\"<>" + "äß漢字🚀é\u0301\u00a0"
UNSIGNED = sorted(botocore.auth.SIGNED_HEADERS_BLACKLIST)
now = None


class Clock(datetime.datetime):
    @classmethod
    def utcnow(cls):
        return now


botocore.auth.get_current_datetime = lambda *args, **kwargs: now
botocore.auth.datetime = types.SimpleNamespace(datetime=Clock, timedelta=datetime.timedelta)


def text(most, odd=0.2):
    return "".join(R.choice(ODD) if R.random() < odd else R.choice(string.ascii_letters + string.digits)
                   for _ in range(R.randint(0, most)))


def token(most):
    """Goes into a header: what can be seen of ASCII."""
    return "".join(R.choice(string.ascii_letters + string.digits + "+/=-_.~") for _ in range(R.randint(1, most)))


def path(service):
    parts = [R.choice((text(12), text(3), "", ".", "..", "a b")) for _ in range(R.randint(0, 6))]
    encoded = "/" + "/".join(urllib.parse.quote(part, safe="-_.~") for part in parts)
    # A path that begins with two slashes would be a host to Python's URL parser.
    return encoded.replace("//", "/", 1) if encoded.startswith("//") and service != "s3" else "/x" + encoded


def query():
    pairs = []
    for _ in range(R.choice((0, 0, 1, 2, 5))):
        name = urllib.parse.quote(R.choice(("prefix", "list-type", "uploads", "a", "A", "a-b", "")) + text(5), safe="-_.~")
        value = urllib.parse.quote(text(20), safe="-_.~")
        pairs.append(name if R.random() < 0.2 and name else "%s=%s" % (name or "n", value))
    if pairs and R.random() < 0.3:
        pairs.append(R.choice(pairs))
    return "&".join(pairs)


def header_value():
    value = "".join(R.choice(string.ascii_letters + string.digits + "  \t;,=/\"'-_.:") for _ in range(R.randint(0, 30)))
    return value


def headers():
    out = []
    for _ in range(R.randint(0, 6)):
        name = R.choice((
            "Content-Type", "x-amz-target", "X-Amz-Meta-" + R.choice("abcXYZ"), "Range", "if-none-match", "X-Custom",
            "content-md5", "amz-sdk-request", "x-amz-expected-bucket-owner", R.choice(UNSIGNED)))
        if name.lower() in ("host", "authorization", "transfer-encoding") or (
                name.lower() in (n.lower() for n, _ in out) and R.random() < 0.7):
            continue
        out.append((name, header_value()))
    return out


def request():
    service = R.choice(SERVICES)
    host = R.choice(("examplebucket.s3.us-east-1.amazonaws.com", "h.example", "127.0.0.1", "[::1]"))
    scheme = R.choice(("https", "https", "http"))
    port = R.choice(("", "", ":4566", ":443", ":80"))
    asked = query()
    presigned = service == "s3" and R.random() < 0.15
    if presigned:  # botocore takes such a query apart and keeps one value of each name
        asked = "&".join({p.split("=")[0]: p if "=" in p else p + "=" for p in asked.split("&") if p}.values())
    body = "" if presigned else R.choice(("", "{}", text(60), "x" * 5000))
    moment = datetime.datetime(2015, 1, 1) + datetime.timedelta(seconds=R.randrange(20 * 365 * 86400))
    return {
        "key": "AKIA" + text(16, 0).upper(),
        "secret": text(40, 0.1) or "s",
        "token": R.choice((None, None, token(300))),
        "service": service,
        "region": R.choice(REGIONS),
        "time": moment.strftime("%Y%m%dT%H%M%SZ"),
        "method": R.choice(("GET", "PUT", "POST", "HEAD", "DELETE")),
        "url": "%s://%s%s%s%s" % (scheme, host, port, path(service), "?" + asked if asked else ""),
        "headers": [] if presigned else headers(),
        "body": body,
        "expires": R.choice((1, 60, 604800)) if presigned else 0,
        "unsigned": service == "s3" and R.random() < 0.2,
        "trailer": service == "s3" and R.random() < 0.1,
    }, moment


def theirs(case, moment):
    """Authorization or the presigned URL, as botocore makes it, and the payload hash it took."""
    global now
    now = moment
    plain = Credentials(case["key"], case["secret"], case["token"])
    where = (plain, case["service"], case["region"])
    asked = AWSRequest(method=case["method"], url=case["url"], data=case["body"].encode())
    for name, value in case["headers"]:
        asked.headers.add_header(name, value)
    asked.context["client_config"] = None
    if case["expires"]:
        botocore.auth.S3SigV4QueryAuth(*where, expires=case["expires"]).add_auth(asked)
        return asked.url, "UNSIGNED-PAYLOAD"
    auth = (botocore.auth.S3SigV4Auth if case["service"] == "s3" else botocore.auth.SigV4Auth)(*where)
    if case["trailer"]:
        asked.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
    auth._should_sha256_sign_payload = lambda _: not case["unsigned"]
    payload = auth.payload(asked)
    auth.add_auth(asked)
    return asked.headers["Authorization"], payload


def signature_of(said):
    return said.rsplit("Signature=", 1)[1]


def main():
    cases, wanted = [], []
    while len(cases) < COUNT:
        case, moment = request()
        said, case["payload"] = theirs(case, moment)
        wanted.append(said)
        cases.append(case)
    program = os.path.join(os.environ.get("BUILD", "build"), "tests/interop/sign")
    lines = "".join(json.dumps({k: v for k, v in case.items() if k != "body"}) + "\n" for case in cases)
    ran = subprocess.run([program], input=lines, capture_output=True, text=True, check=False)
    told = [line.split("\t") for line in ran.stdout.splitlines()]
    wrong, unlike = [], []
    for case, said, (ours, seen) in zip(cases, wanted, told):
        same = ours == said
        if case["expires"]:  # the order of the parameters is each one's own
            one, other = (urllib.parse.urlsplit(url) for url in (ours, said))
            same = one[:3] == other[:3] and sorted(one.query.split("&")) == sorted(other.query.split("&"))
        if not same:
            wrong.append((case, ours, said))
        elif seen != signature_of(said):
            unlike.append((case, seen, said))
    print("1..3")
    print("# botocore %s, MMECTL_TEST_SEED=%d" % (botocore.__version__, SEED))
    whole = ran.returncode == 0 and len(told) == COUNT
    presigned = sum(1 for case in cases if case["expires"])
    print("%sok 1 - %d requests are signed, %d of them by their URL" % ("" if whole else "not ", COUNT, presigned))
    if not whole:
        print("# exit %d after %d: %s" % (ran.returncode, len(told), ran.stderr.strip()))
    for case, ours, said in (wrong + unlike)[:3]:
        print("# %s\n#   mmectl   %s\n#   botocore %s" % (json.dumps({**case, "body": "..."}), ours, said))
    print("%sok 2 - as botocore signs them" % ("" if whole and not wrong else "not "))
    print("%sok 3 - and as the stand-in reads them" % ("" if whole and not unlike else "not "))
    return 0 if whole and not wrong and not unlike else 1


sys.exit(main())
