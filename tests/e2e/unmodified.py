#!/usr/bin/env python3
"""The tutorial's four scripts in one, written for AWS: a fixed region, no endpoint_url, nothing that knows of mmectl.

    unmodified.py BUCKET ENDPOINT

Five models are trained, deployed to one endpoint, each is called with TargetModel, and everything is removed again. As
the SageMaker SDK does, STS is asked under a host name that is written down. Prints one line per step.
"""
import sys
import time

import boto3
from botocore.exceptions import ClientError

REGION = "us-east-1"
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
session = boto3.Session(region_name=REGION)
s3 = session.client("s3")
sagemaker = session.client("sagemaker")
runtime = session.client("sagemaker-runtime")
sts = session.client("sts", endpoint_url="https://sts.us-east-1.amazonaws.com")


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


print("account", sts.get_caller_identity()["Account"])
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
    print("trained", name)
sagemaker.create_model(
    ModelName="multi-model-1",
    ExecutionRoleArn=ROLE,
    PrimaryContainer={"Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": f"s3://{bucket}/mme/models/"},
)
variant = {"VariantName": "AllTraffic", "ModelName": "multi-model-1", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
sagemaker.create_endpoint_config(EndpointConfigName="multi-model-config-1", ProductionVariants=[variant])
sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName="multi-model-config-1")
wait(sagemaker.describe_endpoint, "EndpointStatus", EndpointName=endpoint)
print("deployed", endpoint)

with open("examples/data/breast-cancer-validation.csv") as file:
    row = file.readline().strip().split(",", 1)[1]
for name in MODELS:
    answer = runtime.invoke_endpoint(
        EndpointName=endpoint, TargetModel=f"{name}.tar.gz", ContentType="text/csv", Accept="text/csv", Body=row
    )
    print("predicted", name, f"{float(answer['Body'].read()):.3f}")

logs = session.client("logs").describe_log_streams(
    logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix="model-deep/"
)
print("log streams", len(logs["logStreams"]))
alarms = session.client("cloudwatch").describe_alarms()
print("alarms", len(alarms["MetricAlarms"]))
targets = session.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")
print("scalable targets", len(targets["ScalableTargets"]))

sagemaker.delete_endpoint(EndpointName=endpoint)
sagemaker.delete_endpoint_config(EndpointConfigName="multi-model-config-1")
sagemaker.delete_model(ModelName="multi-model-1")
sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=endpoint, WaiterConfig={"Delay": 0})
for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": item["Key"]} for item in page["Contents"]]})
s3.delete_bucket(Bucket=bucket)
try:
    s3.head_bucket(Bucket=bucket)
    sys.exit("the bucket is still there")
except ClientError as error:
    print("bucket", error.response["Error"]["Code"])
