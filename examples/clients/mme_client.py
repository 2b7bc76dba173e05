"""Calls models of a SageMaker multi-model endpoint by their names, and routes by a key.

The stack's record, s3://<bucket>/<prefix>/control/stack.json, says what a name means now: mmectl writes it, and a
publish, a rollback or a new split of an A/B test is one write of it. This file follows the rule of
engine/stack/routes.md. Resolving needs the standard library alone; Client also needs boto3.

    client = Client("my-bucket", "mme-demo", region_name="us-east-1")
    answer = client.invoke("churn", csv_rows, key=customer_id)
    answer.body, answer.model

From a shell:  python3 mme_client.py BUCKET PREFIX NAME [KEY] < rows.csv
"""

import hashlib
import json
import sys
import time
from collections import namedtuple

FORMAT = 1
MAX_WEIGHT = 10000

Target = namedtuple("Target", "model target_model version")
Answer = namedtuple("Answer", "model target_model body content_type shadow")


def cost(route, model, key):
    """-log2 of the hash of (route, model, key) as a fraction of 1, times 2**32; whole numbers only."""
    text = b"\0".join(part.encode("utf-8") for part in (route, model, key))
    value = int.from_bytes(hashlib.sha256(text).digest()[:8], "big") | 1
    zeros = 64 - value.bit_length()
    mantissa = (value << zeros) >> 32
    fraction = 0
    for _ in range(32):
        square = mantissa * mantissa
        bit = square >> 63
        mantissa = square >> (31 + bit)
        fraction = fraction << 1 | bit
    return ((zeros + 1) << 32) - fraction


def is_weight(weight):
    if isinstance(weight, bool) or not isinstance(weight, (int, float)):
        return False
    return weight == weight // 1 and 1 <= weight <= MAX_WEIGHT


class Stack:
    """A record that was read: what every name means."""

    def __init__(self, text):
        record = json.loads(text)
        if record.get("format") != FORMAT:
            raise ValueError("a record of format %r; this client knows %d" % (record.get("format"), FORMAT))
        self.models = record.get("models", {})
        self.routes = record.get("routes", {})
        self.endpoint = (record.get("endpoints") or [None])[0]

    def _published(self, model):
        return bool(self.models.get(model, {}).get("key"))

    def _target(self, model):
        entry = self.models[model]
        return Target(model, entry["key"].rpartition("/")[2], entry.get("live"))

    def pick(self, route, key):
        """The model that answers this key; None when none of the split is published."""
        best = None
        for model, weight in self.routes[route].get("split", {}).items():
            if not is_weight(weight) or not self._published(model):
                continue
            mine = (cost(route, model, key), int(weight), model)
            if best is None:
                best = mine
                continue
            left, right = mine[0] * best[1], best[0] * mine[1]
            if left < right or (left == right and model < best[2]):
                best = mine
        return best and best[2]

    def resolve(self, name, key=None):
        """What to call for a route's or a model's name."""
        if name not in self.routes:
            if not self._published(name):
                raise LookupError("no model or route '%s' is published" % name)
            return self._target(name)
        if key is None:
            raise ValueError("route '%s' needs a key" % name)
        model = self.pick(name, key)
        if model is None:
            raise LookupError("no model of route '%s' is published" % name)
        return self._target(model)

    def shadow(self, name):
        """What to call besides, for a route; None for nothing."""
        model = self.routes.get(name, {}).get("shadow")
        return self._target(model) if model is not None and self._published(model) else None


class Client:
    """Keeps the record for some seconds, and asks S3 whether it changed (a 304 costs next to nothing)."""

    def __init__(self, bucket, prefix, max_age=10, **options):
        """options are boto3's: region_name, endpoint_url, ..."""
        import boto3
        import botocore.exceptions

        self._s3 = boto3.client("s3", **options)
        self._runtime = boto3.client("sagemaker-runtime", **options)
        self._error = botocore.exceptions.ClientError
        self._where = {"Bucket": bucket, "Key": prefix + "/control/stack.json"}
        self._max_age = max_age
        self._stack, self._etag, self._read_at = None, None, 0.0

    def stack(self):
        now = time.monotonic()
        if self._stack is not None and now - self._read_at < self._max_age:
            return self._stack
        unless = {"IfNoneMatch": self._etag} if self._etag else {}
        try:
            answer = self._s3.get_object(**self._where, **unless)
            self._stack, self._etag = Stack(answer["Body"].read()), answer["ETag"]
        except self._error as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 304:
                raise
        self._read_at = now
        return self._stack

    def _call(self, endpoint, target, body, content_type, accept):
        answer = self._runtime.invoke_endpoint(
            EndpointName=endpoint, TargetModel=target.target_model, ContentType=content_type, Accept=accept, Body=body
        )
        return answer["Body"].read(), answer["ContentType"]

    def invoke(self, name, body, key=None, content_type="text/csv", accept="application/json", on_shadow=None):
        """Calls the model; on_shadow(answer, shadow_answer or exception) gets what the route's shadow said."""
        stack = self.stack()
        target = stack.resolve(name, key)
        answer = Answer(target.model, target.target_model, *self._call(stack.endpoint, target, body, content_type, accept), None)
        shadow = stack.shadow(name)
        if shadow is None or on_shadow is None:
            return answer
        try:
            said = Answer(shadow.model, shadow.target_model, *self._call(stack.endpoint, shadow, body, content_type, accept), None)
        except Exception as error:  # whatever is wrong with a shadow is no caller's business
            said = error
        on_shadow(answer, said)
        return answer._replace(shadow=said)


def main(argv):
    if len(argv) not in (4, 5):
        sys.exit(__doc__.strip().splitlines()[-1].strip())
    bucket, prefix, name = argv[1:4]
    answer = Client(bucket, prefix).invoke(name, sys.stdin.buffer.read(), argv[4] if len(argv) == 5 else None)
    print("%s: %s" % (answer.model, answer.body.decode("utf-8")))


if __name__ == "__main__":
    main(sys.argv)
