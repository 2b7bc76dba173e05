#!/usr/bin/env python3
"""Five models on one endpoint with boto3 alone, the way the tutorial's scripts make them. Prints one line per model.

    tutorial.py BUCKET ENDPOINT [TAG=VALUE...]

Trains what examples/mme-demo.yaml describes, copies each job's model.tar.gz to s3://BUCKET/mme/models/<name>.tar.gz, and
deploys them: model multi-model-1, configuration multi-model-config-1.
"""
import os
import sys
import time

import boto3

URL = os.environ["AWS_ENDPOINT_URL"]
ROLE = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
MODELS = {
    "model_conservative": ("25", "2", "0.3"),
    "model_balanced": ("50", "4", "0.2"),
    "model_aggressive": ("100", "6", "0.1"),
    "model_deep": ("50", "8", "0.2"),
    "model_fast": ("30", "3", "0.4"),
}

bucket, endpoint = sys.argv[1:3]
tags = [dict(zip(("Key", "Value"), tag.split("=", 1))) for tag in sys.argv[3:]]
s3 = boto3.client("s3", endpoint_url=URL)
sagemaker = boto3.client("sagemaker", endpoint_url=URL)


def wait(describe, field, **name):
    while True:
        status = describe(**name)[field]
        if status in ("Completed", "InService"):
            return
        if status in ("Failed", "Stopped"):
            sys.exit(f"{name}: {status}")
        time.sleep(0.05)


def channel(name):
    s3.upload_file(f"examples/data/breast-cancer-{name}.csv", bucket, f"mme/data/{name}/{name}.csv")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/mme/data/{name}/", "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}


s3.create_bucket(Bucket=bucket)
channels = [channel("train"), channel("validation")]
for name, (rounds, depth, eta) in MODELS.items():
    sagemaker.create_training_job(
        TrainingJobName=name.replace("_", "-"),
        RoleArn=ROLE,
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        HyperParameters={
            "num_round": rounds, "max_depth": depth, "eta": eta, "objective": "binary:logistic", "eval_metric": "auc"
        },
        InputDataConfig=channels,
        OutputDataConfig={"S3OutputPath": f"s3://{bucket}/mme/output"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
    )
for name in MODELS:
    job = name.replace("_", "-")
    wait(sagemaker.describe_training_job, "TrainingJobStatus", TrainingJobName=job)
    source = {"Bucket": bucket, "Key": f"mme/output/{job}/output/model.tar.gz"}
    s3.copy_object(Bucket=bucket, Key=f"mme/models/{name}.tar.gz", CopySource=source)
    print(name)
sagemaker.create_model(
    ModelName="multi-model-1",
    ExecutionRoleArn=ROLE,
    PrimaryContainer={"Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": f"s3://{bucket}/mme/models/"},
)
variant = {"VariantName": "AllTraffic", "ModelName": "multi-model-1", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
sagemaker.create_endpoint_config(EndpointConfigName="multi-model-config-1", ProductionVariants=[variant])
sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName="multi-model-config-1", Tags=tags)
wait(sagemaker.describe_endpoint, "EndpointStatus", EndpointName=endpoint)
