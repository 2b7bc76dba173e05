#!/usr/bin/env python3
"""What boto3 makes of each kind of fault: one line per call, `KIND CLIENT CODE STATUS`, or the name of its exception.

    faults.py call SERVICE METHOD [JSON]      one call without retries
    faults.py calls COUNT SERVICE METHOD      so many; a dot for each that succeeded, an x for the others

SERVICE is boto3's name; its endpoint comes from AWS_ENDPOINT_URL, which Debian's boto3 does not read itself.
"""
import json
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError


def client(service):
    config = Config(retries={"max_attempts": 0}, read_timeout=2, s3={"addressing_style": "path"})
    return boto3.client(service, endpoint_url=os.environ["AWS_ENDPOINT_URL"], config=config)


def call(service, method, arguments):
    try:
        answer = getattr(service, method)(**arguments)
        if "Body" in answer:
            answer["Body"].read()
        return "done"
    except ClientError as error:
        return "%s %d" % (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
    except (BotoCoreError, HTTPClientError) as error:
        return type(error).__name__
    except Exception as error:  # a body that breaks off: urllib3's own, or a parser's
        return "broken: " + type(error).__name__


if sys.argv[1] == "call":
    name, method, text = (sys.argv[2:] + ["{}"])[:3]
    print(call(client(name), method, json.loads(text)))
else:
    count, name, method = sys.argv[2:5]
    service = client(name)
    print("".join(".x"[call(service, method, {}) != "done"] for _ in range(int(count))))
