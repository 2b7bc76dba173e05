#!/usr/bin/python3
"""aws-cli and boto3 against a stack that mmectl deployed: they list the objects, describe the endpoint, and get the same
prediction as `mmectl invoke` for all five models; and they can take a model's whole life in hand themselves.

TAP. Needs MMECTL (the binary) and MMECTL_HOME, as from tests/run.sh, and Debian's python3-boto3 and awscli.
"""
import json
import os
import subprocess
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

MMECTL = os.environ.get("MMECTL", "build/mmectl")
SPEC = "examples/mme-demo.yaml"
AWS = "/usr/bin/aws" if os.path.exists("/usr/bin/aws") else "aws"  # Debian's
MODELS = ["model_aggressive", "model_balanced", "model_conservative", "model_deep", "model_fast"]
count = failed = 0


def check(good, name, *notes):
    global count, failed
    count += 1
    failed += not good
    print(("ok" if good else "not ok"), count, "-", name)
    if not good:
        for note in notes:
            for line in str(note).splitlines():
                print("#", line)


def run(*words, data=None, env=None):
    done = subprocess.run(words, input=data, capture_output=True, env=env)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def client(name, where):
    return boto3.client(
        name,
        endpoint_url=where["AWS_ENDPOINT_URL"],
        region_name=where["AWS_REGION"],
        aws_access_key_id=where["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=where["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"max_attempts": 2}),
    )


def environment():
    code, out, err = run(MMECTL, "local", "env")
    assert code == 0, err
    return dict(
        line[len("export "):].replace("'", "").split("=", 1)
        for line in out.splitlines()
        if line.startswith("export ")
    )


def aws(where, *words):
    env = dict(os.environ, AWS_PAGER="", **where)
    code, out, err = run(AWS, "--endpoint-url", where["AWS_ENDPOINT_URL"], *words, env=env)
    return code, (json.loads(out) if out.strip().startswith("{") else out), err


def with_awscli(where, bucket):
    code, out, err = aws(where, "sts", "get-caller-identity")
    check(code == 0 and out["Account"] == "123456789012", "aws-cli: sts get-caller-identity", err)
    code, out, err = aws(where, "s3", "ls", "--recursive", "s3://%s/mme-demo/models/" % bucket)
    names = [line.split("/")[-1] for line in out.splitlines()]
    check(names == [m + ".tar.gz" for m in MODELS], "aws-cli: s3 ls lists the five artifacts", out, err)
    code, out, err = aws(where, "sagemaker", "describe-endpoint", "--endpoint-name", "mme-demo")
    check(code == 0 and out["EndpointStatus"] == "InService", "aws-cli: describe-endpoint", out, err)
    code, out, err = aws(where, "sagemaker", "list-training-jobs")
    check(code == 0 and len(out["TrainingJobSummaries"]) == 5, "aws-cli: list-training-jobs", err)
    for model in MODELS:
        answer, row = (os.path.join(os.environ["TMP_FOLDER"], name) for name in ("answer", "row"))
        with open(row, "w") as file:
            file.write(ROW)
        code, out, err = aws(
            where, "sagemaker-runtime", "invoke-endpoint", "--endpoint-name", "mme-demo",
            "--target-model", model + ".tar.gz", "--content-type", "text/csv", "--accept", "text/csv",
            "--body", "fileb://" + row, answer)
        ours = run(MMECTL, "invoke", "--local", "-f", SPEC, "--model", model, "--accept", "text/csv",
                   "--data", "-", data=ROW.encode())[1]
        theirs = open(answer).read() if code == 0 else err
        check(theirs.strip() == ours.strip() and ours.strip() != "", "aws-cli: invoke-endpoint %s" % model,
              "theirs: " + theirs, "ours: " + ours)


def with_boto3(where, bucket):
    s3, sm, rt = (client(n, where) for n in ("s3", "sagemaker", "sagemaker-runtime"))
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="mme-demo/", PaginationConfig={"PageSize": 2})
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    check(sum(key.startswith("mme-demo/models/") for key in keys) == 5, "boto3: a paginator lists the objects", keys)
    endpoint = sm.describe_endpoint(EndpointName="mme-demo")
    check(endpoint["EndpointStatus"] == "InService", "boto3: describe_endpoint", endpoint)
    config = sm.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    model = sm.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
    check(model["PrimaryContainer"]["Mode"] == "MultiModel", "boto3: describe_model", model)
    for name in MODELS:
        got = rt.invoke_endpoint(EndpointName="mme-demo", TargetModel=name + ".tar.gz", ContentType="text/csv",
                                 Accept="application/json", Body=ROW.encode())["Body"].read().decode()
        ours = run(MMECTL, "invoke", "--local", "-f", SPEC, "--model", name, "--accept", "application/json",
                   "--data", "-", data=ROW.encode())[1]
        check(json.loads(got) == json.loads(ours), "boto3: invoke_endpoint %s" % name, got, ours)
    for call, code, text in [
        (lambda: rt.invoke_endpoint(EndpointName="mme-demo", TargetModel="no.tar.gz", Body=b"1"), "ValidationError", "Failed to download"),
        (lambda: rt.invoke_endpoint(EndpointName="nobody", TargetModel="a.tar.gz", Body=b"1"), "ValidationError", "not found"),
        (lambda: rt.invoke_endpoint(EndpointName="mme-demo", TargetModel="model_fast.tar.gz", ContentType="text/csv", Body=b"a,b"), "ModelError", "Received client error"),
        (lambda: sm.describe_endpoint(EndpointName="nobody"), "ValidationException", "Could not find endpoint"),
        (lambda: sm.describe_training_job(TrainingJobName="nobody"), "ValidationException", "Requested resource not found"),
        (lambda: s3.get_object(Bucket=bucket, Key="nothing"), "NoSuchKey", ""),
    ]:
        try:
            answer = call()
            check(False, "boto3: %s is raised" % code, answer)
        except ClientError as error:
            got = error.response["Error"]
            check(got["Code"] == code and text in got["Message"], "boto3: %s" % code, got)


def life_by_boto3(where):
    """The tutorial's own calls, made by boto3: train, deploy, call, clean up."""
    s3, sm, rt = (client(n, where) for n in ("s3", "sagemaker", "sagemaker-runtime"))
    s3.create_bucket(Bucket="by-hand")
    s3.upload_file("examples/data/breast-cancer-train.csv", "by-hand", "data/train.csv")
    role = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"
    image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
    sm.create_training_job(
        TrainingJobName="by-hand", RoleArn=role,
        AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"},
        HyperParameters={"num_round": "30", "max_depth": "3", "eta": "0.4", "objective": "binary:logistic", "eval_metric": "auc"},
        InputDataConfig=[{"ChannelName": "train", "ContentType": "text/csv", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": "s3://by-hand/data/train.csv", "S3DataDistributionType": "FullyReplicated"}}}],
        OutputDataConfig={"S3OutputPath": "s3://by-hand/out"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        StoppingCondition={"MaxRuntimeInSeconds": 3600})
    waiter = sm.get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName="by-hand", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    job = sm.describe_training_job(TrainingJobName="by-hand")
    check(job["TrainingJobStatus"] == "Completed", "boto3: a training job of its own completes", job)
    source = job["ModelArtifacts"]["S3ModelArtifacts"].split("/", 3)
    s3.copy_object(Bucket="by-hand", Key="models/mine.tar.gz", CopySource={"Bucket": source[2], "Key": source[3]})
    sm.create_model(ModelName="by-hand", ExecutionRoleArn=role, PrimaryContainer={
        "Image": image, "Mode": "MultiModel", "ModelDataUrl": "s3://by-hand/models/"})
    sm.create_endpoint_config(EndpointConfigName="by-hand", ProductionVariants=[{
        "VariantName": "AllTraffic", "ModelName": "by-hand", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}])
    sm.create_endpoint(EndpointName="by-hand", EndpointConfigName="by-hand")
    sm.get_waiter("endpoint_in_service").wait(EndpointName="by-hand", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    by_hand = rt.invoke_endpoint(EndpointName="by-hand", TargetModel="mine.tar.gz", ContentType="text/csv", Body=ROW.encode())["Body"].read()
    check(0 <= json.loads(by_hand)[0] <= 1, "boto3: an endpoint of its own answers", by_hand)
    sm.delete_endpoint(EndpointName="by-hand")
    sm.get_waiter("endpoint_deleted").wait(EndpointName="by-hand", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    sm.delete_endpoint_config(EndpointConfigName="by-hand")
    sm.delete_model(ModelName="by-hand")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket="by-hand"):
        s3.delete_objects(Bucket="by-hand", Delete={"Objects": [{"Key": o["Key"]} for o in page["Contents"]]})
    s3.delete_bucket(Bucket="by-hand")
    check("by-hand" not in [b["Name"] for b in s3.list_buckets()["Buckets"]], "boto3: and is cleaned up")


def main():
    import shutil
    import tempfile
    os.environ["TMP_FOLDER"] = folder = tempfile.mkdtemp()
    os.environ.setdefault("MMECTL_HOME", os.path.join(folder, "home"))
    try:
        code, _, err = run(MMECTL, "local", "start", "--delay=all=0")
        check(code == 0, "the stand-in starts", err)
        code, _, err = run(MMECTL, "apply", SPEC, "--local", "-auto-approve")
        check(code == 0, "mmectl apply", err)
        where = environment()
        bucket = "sagemaker-us-east-1-123456789012"
        with_awscli(where, bucket)
        with_boto3(where, bucket)
        life_by_boto3(where)
        code, out, err = run(MMECTL, "plan", SPEC, "--local", "-detailed-exitcode")
        check(code == 0, "none of it made a difference to mmectl's own stack", out, err)
    finally:
        run(MMECTL, "local", "stop")
        shutil.rmtree(folder, ignore_errors=True)
    print("1..%d" % count)
    return failed > 0


with open("examples/data/breast-cancer-validation.csv") as rows:
    ROW = rows.readline().strip().split(",", 1)[1]
sys.exit(main())
