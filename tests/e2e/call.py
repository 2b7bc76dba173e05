#!/usr/bin/env python3
"""One signed request to what is behind AWS_ENDPOINT_URL, in a few milliseconds; shares no code with mmectl.

    call.py sm OPERATION JSON             SageMaker; prints the answer
    call.py scaling OPERATION JSON        Application Auto Scaling; likewise `logs` and `alarms` (CloudWatch)
    call.py s3 ls BUCKET/PREFIX           one key per line
    call.py s3 get BUCKET/KEY             prints the object
    call.py s3 put BUCKET/KEY FILE        also: rm BUCKET/KEY, mb BUCKET, rb BUCKET
    call.py s3 uploads BUCKET             one line per unfinished upload: its id and key; parts BUCKET: one per part
    call.py invoke ENDPOINT TARGET FILE   prints the prediction; - is standard input
    call.py fault JSON...                 plants faults (engine/local/faults.h); no JSON: lists them
    call.py nofaults
    call.py key JSON                      makes an access key (engine/local/admin.h)
    call.py used ACCESS_KEY               what was asked under a key that has a policy
    call.py things                        everything that exists, one line each, sorted, with a digest of what it is

Ends with 1, and AWS's code on standard error, when the answer is an error.
"""
import hashlib
import hmac
import json
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def send(service, method, path, query="", body=b"", headers=None):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html"""
    url = os.environ["AWS_ENDPOINT_URL"]
    region = os.environ.get("AWS_REGION", "us-east-1")
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    digest = hashlib.sha256(body).hexdigest()
    headers = {key.lower(): value for key, value in (headers or {}).items()}
    headers.update({"host": urllib.parse.urlsplit(url).netloc, "x-amz-date": now, "x-amz-content-sha256": digest})
    if "AWS_SESSION_TOKEN" in os.environ:
        headers["x-amz-security-token"] = os.environ["AWS_SESSION_TOKEN"]
    signed = ";".join(sorted(headers))
    canonical = "\n".join(
        [method, path, query]
        + [f"{key}:{headers[key]}" for key in sorted(headers)]
        + ["", signed, digest]
    )
    scope = f"{now[:8]}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in (now[:8], region, service, "aws4_request"):
        key = mac(key, part)
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, "
        f"SignedHeaders={signed}, Signature={signature}"
    )
    target = url + path + ("?" + query if query else "")
    request = urllib.request.Request(target, data=body or None, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.code} {error.read().decode(errors='replace')}")


def sagemaker(operation, text="{}"):
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"SageMaker.{operation}"}
    return send("sagemaker", "POST", "/", body=text.encode(), headers=headers)


def by_target(service, version, target):
    def operation(name, text="{}"):
        headers = {"content-type": f"application/x-amz-json-{version}", "x-amz-target": f"{target}.{name}"}
        return send(service, "POST", "/", body=text.encode(), headers=headers)

    return operation


def read(name):
    return sys.stdin.buffer.read() if name == "-" else open(name, "rb").read()


def unfinished(bucket, verb):
    text = send("s3", "GET", "/" + bucket, "uploads=").decode()
    for key, upload in re.findall("<Key>(.*?)</Key><UploadId>(.*?)</UploadId>", text):
        if verb == "uploads":
            yield f"{upload} {key}\n"
            continue
        path = "/" + urllib.parse.quote(f"{bucket}/{key}", safe="/-_.~")
        parts = send("s3", "GET", path, "uploadId=" + urllib.parse.quote(upload, safe="-_.~")).decode()
        for number in re.findall("<PartNumber>(.*?)</PartNumber>", parts):
            yield f"{number} {key}\n"


def s3(verb, where, source=None):
    bucket, _, key = where.partition("/")
    path = "/" + urllib.parse.quote(where, safe="/-_.~")
    if verb == "ls":
        query = "list-type=2&prefix=" + urllib.parse.quote(key, safe="-_.~")
        text = send("s3", "GET", "/" + bucket, query).decode()
        return "".join(name + "\n" for name in re.findall("<Key>(.*?)</Key>", text)).encode()
    if verb == "get":
        return send("s3", "GET", path)
    if verb == "put":
        return send("s3", "PUT", path, body=read(source)) and b""
    if verb in ("uploads", "parts"):
        return "".join(unfinished(bucket, verb)).encode()
    region = os.environ.get("AWS_REGION", "us-east-1")
    body = b""
    if verb == "mb" and region != "us-east-1":
        place = f"<LocationConstraint>{region}</LocationConstraint>"
        body = f"<CreateBucketConfiguration>{place}</CreateBucketConfiguration>".encode()
    return send("s3", {"rm": "DELETE", "rb": "DELETE", "mb": "PUT"}[verb], path, body=body)


def invoke(endpoint, target, source):
    headers = {"content-type": "text/csv", "x-amzn-sagemaker-target-model": target}
    return send("sagemaker", "POST", f"/endpoints/{endpoint}/invocations", body=read(source), headers=headers)


def fault(*faults):
    if not faults:
        return send("mmectl", "GET", "/_mmectl/faults")
    body = {"faults": [json.loads(text) for text in faults]}
    return send("mmectl", "POST", "/_mmectl/faults", body=json.dumps(body).encode()) and b""


def nofaults():
    return send("mmectl", "DELETE", "/_mmectl/faults") and b""


def settings(text):
    """What the world is like: engine/local/faults.h."""
    return send("mmectl", "POST", "/_mmectl/settings", body=text.encode()) and b""


def key(text):
    return send("mmectl", "POST", "/_mmectl/add-key", body=text.encode())


def used(access_key):
    """What was asked under a key: engine/local/access.h."""
    return send("mmectl", "GET", "/_mmectl/used", "access_key=" + access_key)


def world():
    return json.loads(send("mmectl", "GET", "/_mmectl/world"))


def things():
    return describe(world())


def describe(world):
    lines = []
    for bucket in world.get("buckets", []):
        lines.append(f"bucket {bucket['name']}")
        for item in bucket["objects"]:
            lines.append(f"object s3://{bucket['name']}/{item['key']} {item['size']} {item['etag']}")
        lines += [f"upload s3://{bucket['name']} {json.dumps(upload)}" for upload in bucket["uploads"]]
    kinds = {"trainingJobs": "training-job", "models": "model", "endpointConfigs": "endpoint-config",
             "endpoints": "endpoint", "logGroups": "log-group", "scalableTargets": "scalable-target", "alarms": "alarm"}
    for key, kind in kinds.items():
        for thing in world.get(key, []):
            digest = hashlib.sha256(json.dumps(thing, sort_keys=True).encode()).hexdigest()[:12]
            words = [kind, thing["name"], thing.get("status"), thing.get("config"), digest]
            lines.append(" ".join(word for word in words if word))
    return "".join(line + "\n" for line in sorted(lines)).encode()


COMMANDS = {"sm": sagemaker, "scaling": by_target("application-autoscaling", "1.1", "AnyScaleFrontendService"),
            "logs": by_target("logs", "1.1", "Logs_20140328"),
            "alarms": by_target("monitoring", "1.0", "GraniteServiceVersion20100801"), "s3": s3, "invoke": invoke, "fault": fault, "nofaults": nofaults, "settings": settings,
            "things": things, "key": key, "used": used}

if __name__ == "__main__":
    sys.stdout.buffer.write(COMMANDS[sys.argv[1]](*sys.argv[2:]))
