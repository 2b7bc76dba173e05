#!/usr/bin/env python3
"""Prints everything that exists behind AWS_ENDPOINT_URL, one line per thing, sorted.

Seen through boto3, which shares no code with mmectl. Times do not appear, so two equal worlds print the same text.
"""
import os

import boto3


def client(service):
    # Debian 12's boto3 is older than AWS_ENDPOINT_URL.
    return boto3.client(service, endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))


def pages(service, operation, key, **arguments):
    for page in service.get_paginator(operation).paginate(**arguments):
        yield from page.get(key, [])


def tags_of(sagemaker, arn):
    tags = pages(sagemaker, "list_tags", "Tags", ResourceArn=arn)
    return ",".join(sorted(f"{tag['Key']}={tag['Value']}" for tag in tags))


def lines():
    s3 = client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        yield f"bucket {name}"
        for item in pages(s3, "list_objects_v2", "Contents", Bucket=name):
            yield f"object s3://{name}/{item['Key']} {item['Size']} {item['ETag']}"

    sagemaker = client("sagemaker")
    for job in pages(sagemaker, "list_training_jobs", "TrainingJobSummaries"):
        name, arn = job["TrainingJobName"], job["TrainingJobArn"]
        yield f"training-job {name} {job['TrainingJobStatus']} {tags_of(sagemaker, arn)}"
    for model in pages(sagemaker, "list_models", "Models"):
        yield f"model {model['ModelName']} {tags_of(sagemaker, model['ModelArn'])}"
    for config in pages(sagemaker, "list_endpoint_configs", "EndpointConfigs"):
        name, arn = config["EndpointConfigName"], config["EndpointConfigArn"]
        yield f"endpoint-config {name} {tags_of(sagemaker, arn)}"
    for endpoint in pages(sagemaker, "list_endpoints", "Endpoints"):
        name, arn = endpoint["EndpointName"], endpoint["EndpointArn"]
        config = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
        yield f"endpoint {name} {endpoint['EndpointStatus']} {config} {tags_of(sagemaker, arn)}"


print("\n".join(sorted(lines())))
