"""The whole life of examples/mme-demo.yaml made by boto3, of any version: data, five training jobs, a multi-model endpoint,
calls by TargetModel, a model added without a roll, and everything taken down. With every waiter and paginator that boto3 has
for what the stand-in serves.

    demo_boto3.py NAME EXPECTED.json    NAME: of everything it makes; EXPECTED: {model: the answer to the first row}

Where to is in the environment: AWS_ENDPOINT_URL, or nothing but HTTPS_PROXY and AWS_CA_BUNDLE. Prints lines for Tap.adopt.
"""
import hashlib
import io
import json
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import boto3
import botocore
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError
from harness.tap import Lines
from harness.world import MODELS, first_row

NAME = sys.argv[1]
EXPECTED = json.load(open(sys.argv[2]))
ROLE = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
TAGS = [{"Key": "project", "Value": NAME}, {"Key": "made-by", "Value": "boto3"}, {"Key": "with spaces", "Value": "a=b/c:d+e@f"}]
NEW = tuple(map(int, botocore.__version__.split(".")[:2])) >= (1, 43)
check = Lines.check
waited, paged = set(), set()


def client(service):
    # Older ones do not know AWS_ENDPOINT_URL; None is "where AWS is".
    return boto3.client(service, region_name="us-east-1", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"),
                        config=Config(retries={"max_attempts": 2}, read_timeout=30))


s3, sm, rt, logs = (client(name) for name in ("s3", "sagemaker", "sagemaker-runtime", "logs"))


def wait(service, waiter, **named):
    waited.add(waiter)
    service.get_waiter(waiter).wait(WaiterConfig={"Delay": 0.2, "MaxAttempts": 300}, **named)


def pages(service, operation, member, size, **named):
    """All items, and how many pages they came on."""
    paged.add(operation)
    found = list(service.get_paginator(operation).paginate(PaginationConfig={"PageSize": size}, **named))
    return [item for page in found for item in page.get(member, [])], len(found)


def refused(call, code, text=""):
    try:
        return check(False, "%s is raised" % code, call())
    except ClientError as error:
        got = error.response["Error"]
        return check(got["Code"] == code and text in got["Message"], "%s '%s'" % (code, text), got)


def data():
    s3.create_bucket(Bucket=NAME)
    wait(s3, "bucket_exists", Bucket=NAME)
    wait(s3, "object_not_exists", Bucket=NAME, Key="data/train.csv")
    for part in ("train", "validation"):
        s3.upload_file("examples/data/breast-cancer-%s.csv" % part, NAME, "data/%s.csv" % part)
        wait(s3, "object_exists", Bucket=NAME, Key="data/%s.csv" % part)
    found, n = pages(s3, "list_objects_v2", "Contents", 1, Bucket=NAME)
    check([o["Key"] for o in found] == ["data/train.csv", "data/validation.csv"] and n >= 2, "the data is there", found, n)
    buckets = pages(s3, "list_buckets", "Buckets", 1)[0] if s3.can_paginate("list_buckets") else s3.list_buckets()["Buckets"]
    check(NAME in [b["Name"] for b in buckets], "and the bucket among the buckets", buckets)


def large():
    """What is sent in parts comes back as it was."""
    content = os.urandom(1 << 20) * 12
    parts = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=5 << 20, max_concurrency=2)
    s3.upload_fileobj(io.BytesIO(content), NAME, "large", Config=parts, ExtraArgs={"Metadata": {"made-by": "boto3"}})
    head = s3.head_object(Bucket=NAME, Key="large")
    check(head["ETag"].endswith('-3"') and head["Metadata"] == {"made-by": "boto3"}, "an upload in three parts", head)
    back = io.BytesIO()
    s3.download_fileobj(NAME, "large", back, Config=parts)
    check(hashlib.sha256(back.getvalue()).digest() == hashlib.sha256(content).digest(), "downloaded in ranges, the same bytes")
    s3.copy({"Bucket": NAME, "Key": "large"}, NAME, "copy of large/ä+b &c", Config=parts)
    check(s3.head_object(Bucket=NAME, Key="copy of large/ä+b &c")["ContentLength"] == len(content), "copied in parts to a hard name")
    upload = s3.create_multipart_upload(Bucket=NAME, Key="unfinished")["UploadId"]
    for number in (1, 2, 3):
        s3.upload_part(Bucket=NAME, Key="unfinished", UploadId=upload, PartNumber=number, Body=b"x" * 10)
    found, n = pages(s3, "list_parts", "Parts", 2, Bucket=NAME, Key="unfinished", UploadId=upload)
    check([p["PartNumber"] for p in found] == [1, 2, 3] and n == 2, "list_parts", found, n)
    other = s3.create_multipart_upload(Bucket=NAME, Key="unfinished-too")["UploadId"]
    found, n = pages(s3, "list_multipart_uploads", "Uploads", 1, Bucket=NAME)
    check([u["Key"] for u in found] == ["unfinished", "unfinished-too"] and n == 2, "list_multipart_uploads", found, n)
    s3.abort_multipart_upload(Bucket=NAME, Key="unfinished", UploadId=upload)
    s3.abort_multipart_upload(Bucket=NAME, Key="unfinished-too", UploadId=other)
    link = s3.generate_presigned_url("get_object", Params={"Bucket": NAME, "Key": "data/train.csv"}, ExpiresIn=60)
    check("Signature" in link, "a link can be signed", link)
    check(s3.get_object(Bucket=NAME, Key="data/train.csv", Range="bytes=0-9")["ContentLength"] == 10, "a range of ten bytes")
    refused(lambda: s3.put_object(Bucket=NAME, Key="data/train.csv", Body=b"", ContentMD5="AAAAAAAAAAAAAAAAAAAAAA=="), "BadDigest")
    refused(lambda: s3.get_object(Bucket=NAME, Key="nothing"), "NoSuchKey")
    if NEW:
        refused(lambda: s3.put_object(Bucket=NAME, Key="data/train.csv", Body=b"", IfNoneMatch="*"), "PreconditionFailed")


def train():
    def channel(name):
        return {"ChannelName": name, "ContentType": "text/csv", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": "s3://%s/data/%s.csv" % (NAME, name), "S3DataDistributionType": "FullyReplicated"}}}

    for model, (rounds, depth, eta) in MODELS.items():
        sm.create_training_job(
            TrainingJobName="%s-%s" % (NAME, model.replace("_", "-")), RoleArn=ROLE, Tags=TAGS,
            AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            HyperParameters={"objective": "binary:logistic", "eval_metric": "auc", "num_round": str(rounds),
                             "max_depth": str(depth), "eta": str(eta)},
            InputDataConfig=[channel("train"), channel("validation")],
            OutputDataConfig={"S3OutputPath": "s3://%s/out" % NAME},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
            StoppingCondition={"MaxRuntimeInSeconds": 3600})
    made = {}
    for model in MODELS:
        job = "%s-%s" % (NAME, model.replace("_", "-"))
        wait(sm, "training_job_completed_or_stopped", TrainingJobName=job)
        seen = sm.describe_training_job(TrainingJobName=job)
        auc = [m["Value"] for m in seen.get("FinalMetricDataList", []) if m["MetricName"] == "validation:auc"]
        check(seen["TrainingJobStatus"] == "Completed" and auc and auc[0] > 0.9, "job of %s is trained" % model, seen)
        made[model] = seen["ModelArtifacts"]["S3ModelArtifacts"].split("/", 3)[3]
    found, n = pages(sm, "list_training_jobs", "TrainingJobSummaries", 2, NameContains=NAME + "-", SortBy="Name", SortOrder="Ascending")
    names = [j["TrainingJobName"] for j in found]
    check(n >= 3 and names == sorted("%s-%s" % (NAME, m.replace("_", "-")) for m in MODELS), "list_training_jobs, two a page", names, n)
    streams, n = pages(logs, "describe_log_streams", "logStreams", 2, logGroupName="/aws/sagemaker/TrainingJobs",
                       logStreamNamePrefix=NAME + "-")
    check(len(streams) == 5 and n >= 3, "describe_log_streams, two a page", streams, n)
    events = logs.get_log_events(logGroupName="/aws/sagemaker/TrainingJobs", logStreamName=streams[0]["logStreamName"], startFromHead=True)
    check(any("validation-auc" in e["message"] for e in events["events"]), "and what they say", events["events"][-3:])
    found, n = pages(sm, "list_tags", "Tags", 50, ResourceArn=sm.describe_training_job(
        TrainingJobName=NAME + "-model-fast")["TrainingJobArn"])
    check(sorted(t["Key"] for t in found) == sorted(t["Key"] for t in TAGS), "list_tags", found, n)
    return made


def invoke(model, accept="text/csv"):
    return rt.invoke_endpoint(EndpointName=NAME, TargetModel=model + ".tar.gz", ContentType="text/csv", Accept=accept,
                              Body=first_row().encode())["Body"].read().decode()


def deploy(made):
    def publish(model):
        s3.copy_object(Bucket=NAME, Key="models/%s.tar.gz" % model, CopySource={"Bucket": NAME, "Key": made[model]})

    for model in list(MODELS)[:4]:
        publish(model)
    sm.create_model(ModelName=NAME, ExecutionRoleArn=ROLE, Tags=TAGS, PrimaryContainer={
        "Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": "s3://%s/models/" % NAME})
    for config in (NAME, NAME + "-2"):
        sm.create_endpoint_config(EndpointConfigName=config, Tags=TAGS, ProductionVariants=[{
            "VariantName": "AllTraffic", "ModelName": NAME, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1,
            "InitialVariantWeight": 1}])
    sm.create_endpoint(EndpointName=NAME, EndpointConfigName=NAME, Tags=TAGS)
    wait(sm, "endpoint_in_service", EndpointName=NAME)
    for model in list(MODELS)[:4]:
        got = invoke(model)
        check(got.strip() == EXPECTED[model], "invoke %s by TargetModel" % model, got, EXPECTED[model])
    refused(lambda: invoke("model_fast"), "ValidationError", "Failed to download")
    before = sm.describe_endpoint(EndpointName=NAME)
    publish("model_fast")
    got = invoke("model_fast")
    check(got.strip() == EXPECTED["model_fast"], "a model that was added is there", got)
    got = json.loads(invoke("model_fast", "application/json"))
    check(got["predictions"][0]["score"] == float(EXPECTED["model_fast"]) if isinstance(got, dict)
          else got == [float(EXPECTED["model_fast"])], "and as JSON", got)
    after = sm.describe_endpoint(EndpointName=NAME)
    check(before["LastModifiedTime"] == after["LastModifiedTime"], "without a roll")
    sm.update_endpoint(EndpointName=NAME, EndpointConfigName=NAME + "-2")
    wait(sm, "endpoint_in_service", EndpointName=NAME)
    check(sm.describe_endpoint(EndpointName=NAME)["EndpointConfigName"] == NAME + "-2", "and with one")
    for operation, member, name, least in (
            ("list_models", "Models", "ModelName", 1), ("list_endpoints", "Endpoints", "EndpointName", 1),
            ("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName", 2)):
        found, n = pages(sm, operation, member, 1, NameContains=NAME)
        check(NAME in [thing[name] for thing in found] and n >= least, operation, found, n)
    for call, code, text in (
            (lambda: rt.invoke_endpoint(EndpointName=NAME, TargetModel="model_fast.tar.gz", ContentType="text/csv", Body=b"a,b"),
             "ModelError", "Received client error"),
            (lambda: rt.invoke_endpoint(EndpointName="nobody", TargetModel="a.tar.gz", Body=b"1"), "ValidationError", "not found"),
            (lambda: sm.describe_endpoint(EndpointName="nobody"), "ValidationException", "Could not find endpoint"),
            (lambda: sm.describe_training_job(TrainingJobName="nobody"), "ValidationException", "Requested resource not found"),
            (lambda: sm.create_model(ModelName=NAME, ExecutionRoleArn=ROLE, PrimaryContainer={
                "Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": "s3://%s/models/" % NAME}),
             "ValidationException", "Cannot create already existing model")):
        refused(call, code, text)


def clean_up():
    sm.delete_endpoint(EndpointName=NAME)
    wait(sm, "endpoint_deleted", EndpointName=NAME)
    for config in (NAME, NAME + "-2"):
        sm.delete_endpoint_config(EndpointConfigName=config)
    sm.delete_model(ModelName=NAME)
    refused(lambda: sm.describe_model(ModelName=NAME), "ValidationException", "Could not find model")
    if NEW:
        for model in MODELS:
            sm.delete_training_job(TrainingJobName="%s-%s" % (NAME, model.replace("_", "-")))
        until = time.monotonic() + 20
        while pages(sm, "list_training_jobs", "TrainingJobSummaries", 2, NameContains=NAME + "-")[0] and time.monotonic() < until:
            time.sleep(0.1)
        check(time.monotonic() < until, "the jobs are deleted")
    first, _ = pages(s3, "list_objects", "Contents", 3, Bucket=NAME)
    versions, n = pages(s3, "list_object_versions", "Versions", 4, Bucket=NAME)
    check([o["Key"] for o in first] == [v["Key"] for v in versions] and n >= 3, "both listings have the same objects", len(first), len(versions), n)
    gone = s3.delete_objects(Bucket=NAME, Delete={"Objects": [{"Key": o["Key"]} for o in first]})
    check(len(gone.get("Deleted", [])) == len(first) and not gone.get("Errors"), "all objects are deleted in one batch", gone)
    s3.delete_bucket(Bucket=NAME)
    wait(s3, "bucket_not_exists", Bucket=NAME)


def main():
    data()
    large()
    deploy(train())
    clean_up()
    there = {"bucket_exists", "bucket_not_exists", "object_exists", "object_not_exists", "training_job_completed_or_stopped",
             "endpoint_in_service", "endpoint_deleted"}
    check(waited == there, "every waiter there is was used", there - waited)
    print("# boto3 %s: %d waiters, paginators %s" % (boto3.__version__, len(waited), " ".join(sorted(paged))))
    print("end")


main()
