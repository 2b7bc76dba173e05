#!/usr/bin/python3
"""What boto3 and its paginators find in the stand-in: listings with their filters, orders and tokens, searches, tags, logs.

TAP; needs MMECTL and MMECTL_HOME as from tests/run.sh.
"""
import datetime
import os
import re
import subprocess
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

MMECTL = os.environ.get("MMECTL", "build/mmectl")
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


def same(got, wanted, name):
    return check(got == wanted, name, "got    %r" % (got,), "wanted %r" % (wanted,))


out = subprocess.run([MMECTL, "local", "env"], capture_output=True, check=True).stdout.decode()
WHERE = dict(re.findall(r"^export (\w+)='?([^'\n]*)'?$", out, re.M))


def client(name):
    return boto3.client(
        name, endpoint_url=WHERE["AWS_ENDPOINT_URL"], region_name=WHERE["AWS_REGION"], aws_access_key_id=WHERE["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=WHERE["AWS_SECRET_ACCESS_KEY"], config=Config(retries={"max_attempts": 1}))


sm, logs, s3 = client("sagemaker"), client("logs"), client("s3")
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
ROLE = "arn:aws:iam::123456789012:role/sm"


def refusal(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def names(operation, key, **arguments):
    found = []
    for page in sm.get_paginator(operation).paginate(**arguments):
        found += [item[key] for item in page[next(name for name in page if isinstance(page[name], list))]]
    return found


def made():
    s3.create_bucket(Bucket="lists")
    rows = "".join("%d,%d,%d\n" % (i % 2, i, i * 7 % 11) for i in range(60))
    s3.put_object(Bucket="lists", Key="train/train.csv", Body=rows.encode())
    for number in range(7):
        sm.create_training_job(
            TrainingJobName="job-%d" % number, RoleArn=ROLE, HyperParameters={"num_round": "2", "objective": "binary:logistic", "eta": "0.%d" % (number + 1)},
            AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            InputDataConfig=[{"ChannelName": "train", "ContentType": "text/csv", "DataSource": {"S3DataSource": {
                "S3DataType": "S3Prefix", "S3Uri": "s3://lists/train/", "S3DataDistributionType": "FullyReplicated"}}}],
            OutputDataConfig={"S3OutputPath": "s3://lists/out"}, ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
            StoppingCondition={"MaxRuntimeInSeconds": 600}, Tags=[{"Key": "team", "Value": "red" if number < 3 else "blue"}])
    for number in range(7):
        sm.get_waiter("training_job_completed_or_stopped").wait(
            TrainingJobName="job-%d" % number, WaiterConfig={"Delay": 1, "MaxAttempts": 120})


def listings():
    everything = ["job-%d" % number for number in range(7)]
    for size in (1, 3, 7, 100):
        same(names("list_training_jobs", "TrainingJobName", SortBy="Name", PaginationConfig={"PageSize": size}), everything, "by name, pages of %d" % size)
    same(names("list_training_jobs", "TrainingJobName", SortBy="Name", SortOrder="Descending", PaginationConfig={"PageSize": 2}), everything[::-1],
         "the other way round")
    same(names("list_training_jobs", "TrainingJobName", NameContains="b-3"), ["job-3"], "NameContains")
    same(len(names("list_training_jobs", "TrainingJobName", StatusEquals="Completed")), 7, "StatusEquals")
    same(names("list_training_jobs", "TrainingJobName", StatusEquals="Failed"), [], "of a status that none has")
    same(names("list_training_jobs", "TrainingJobName", CreationTimeAfter=datetime.datetime(2100, 1, 1)), [], "CreationTimeAfter")
    same(len(names("list_training_jobs", "TrainingJobName", LastModifiedTimeBefore=datetime.datetime(2100, 1, 1))), 7, "LastModifiedTimeBefore")
    same(names("list_training_jobs", "TrainingJobName", WarmPoolStatusEquals="Available"), [], "WarmPoolStatusEquals")
    token = sm.list_training_jobs(MaxResults=2, SortBy="Name")["NextToken"]
    same(len(sm.list_training_jobs(MaxResults=3, SortBy="Name", NextToken=token)["TrainingJobSummaries"]), 3, "the next page may be larger")
    same(refusal(sm.list_training_jobs, MaxResults=2, SortBy="Status", NextToken=token), "ValidationException", "a token of another order")
    same(refusal(sm.list_training_jobs, MaxResults=2, SortBy="Name", NameContains="j", NextToken=token), "ValidationException", "of another filter")
    same(refusal(sm.list_models, NextToken=token), "ValidationException", "of another operation")
    same(refusal(sm.list_training_jobs, SortBy="Name", NextToken="nothing"), "ValidationException", "of none")


def tags():
    arn = sm.describe_training_job(TrainingJobName="job-0")["TrainingJobArn"]
    sm.add_tags(ResourceArn=arn, Tags=[{"Key": "k%02d" % number, "Value": str(number)} for number in range(49)])
    found = [tag["Key"] for page in sm.get_paginator("list_tags").paginate(ResourceArn=arn, PaginationConfig={"PageSize": 50}) for tag in page["Tags"]]
    same(found, ["k%02d" % number for number in range(49)] + ["team"], "fifty tags")
    same(refusal(sm.add_tags, ResourceArn=arn, Tags=[{"Key": "one more", "Value": ""}]), "ValidationException", "and no more")
    sm.delete_tags(ResourceArn=arn, TagKeys=["k%02d" % number for number in range(49)])
    same(sm.list_tags(ResourceArn=arn)["Tags"], [{"Key": "team", "Value": "red"}], "DeleteTags")


def found(resource="TrainingJob", **arguments):
    hits = []
    for page in sm.get_paginator("search").paginate(Resource=resource, PaginationConfig={"PageSize": 2}, **arguments):
        hits += [item["TrainingJob"]["TrainingJobName"] for item in page["Results"]]
    return hits


def searches():
    where = lambda *filters, **more: dict({"Filters": [dict(zip(("Name", "Operator", "Value"), one)) for one in filters]}, **more)
    order = {"SortBy": "TrainingJobName", "SortOrder": "Ascending"}
    same(found(SearchExpression=where(("Tags.team", "Equals", "red")), **order), ["job-0", "job-1", "job-2"], "Search by a tag")
    same(found(SearchExpression=where(("HyperParameters.eta", "GreaterThan", "0.5")), **order), ["job-5", "job-6"], "by a number")
    same(found(SearchExpression=where(("TrainingJobName", "Contains", "b-4")), **order), ["job-4"], "by a part")
    same(found(SearchExpression=where(("Tags.team", "NotEquals", "red"), ("HyperParameters.eta", "LessThanOrEqualTo", "0.5")), **order), ["job-3", "job-4"],
         "by two at once")
    same(found(SearchExpression=where(("TrainingJobName", "Equals", "job-1"), ("TrainingJobName", "Equals", "job-6"), Operator="Or"), **order),
         ["job-1", "job-6"], "by either")
    same(found(SearchExpression=where(("TrainingJobName", "In", "job-2,job-3")), **order), ["job-2", "job-3"], "In")
    same(found(SearchExpression=where(("FailureReason", "Exists"))), [], "Exists")
    same(len(found(SearchExpression=where(("FailureReason", "NotExists")))), 7, "NotExists")
    nested = {"NestedFilters": [{"NestedPropertyName": "InputDataConfig", "Filters": [
        {"Name": "InputDataConfig.ChannelName", "Operator": "Equals", "Value": "train"},
        {"Name": "InputDataConfig.DataSource.S3DataSource.S3Uri", "Operator": "Contains", "Value": "lists"}]}]}
    same(len(found(SearchExpression=nested)), 7, "within one item of a list")
    same(found(SearchExpression={"SubExpressions": [where(("Tags.team", "Equals", "red")), where(("HyperParameters.eta", "Equals", "0.2"))]}), ["job-1"],
         "of expressions")
    same(found(SortBy="HyperParameters.eta", SortOrder="Descending")[0], "job-6", "sorted by what they have")
    same(sm.search(Resource="Experiment")["Results"], [], "of what there is none")
    same([item["Model"]["Model"]["ModelName"] for item in sm.search(Resource="Model")["Results"]], [], "nor models yet")


def written():
    group = "/aws/sagemaker/TrainingJobs"
    streams = [one["logStreamName"] for page in logs.get_paginator("describe_log_streams").paginate(logGroupName=group, PaginationConfig={"PageSize": 3})
               for one in page["logStreams"]]
    same(sorted({name.split("/")[0] for name in streams}), ["job-%d" % number for number in range(7)], "a stream of each job")
    lines, token = [], None
    while True:
        page = logs.get_log_events(logGroupName=group, logStreamName=streams[0], startFromHead=True, limit=2, **({"nextToken": token} if token else {}))
        lines += [event["message"] for event in page["events"]]
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    check(len(lines) > 2 and any("train-" in line for line in lines), "its lines, page by page to the end", lines)
    hits = [event for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group, filterPattern='"[1]"', PaginationConfig={"PageSize": 2})
            for event in page["events"]]
    same(len(hits), 7, "FilterLogEvents over all of them")
    same(refusal(logs.describe_log_streams, logGroupName=group, nextToken="x"), "InvalidParameterException", "a token that is none")
    logs.create_log_group(logGroupName="mine")
    logs.create_log_stream(logGroupName="mine", logStreamName="s")
    same(refusal(logs.create_log_stream, logGroupName="mine", logStreamName="s"), "ResourceAlreadyExistsException", "a stream that is there")
    now = int(time.time() * 1000)
    told = logs.put_log_events(logGroupName="mine", logStreamName="s", logEvents=[
        {"timestamp": now - 15 * 86400000, "message": "old"}, {"timestamp": now - 5000, "message": "now"}, {"timestamp": now + 86400000, "message": "new"}])
    same(told["rejectedLogEventsInfo"], {"tooNewLogEventStartIndex": 2, "tooOldLogEventEndIndex": 1}, "PutLogEvents: too old, too new")
    same([event["message"] for event in logs.filter_log_events(logGroupName="mine")["events"]], ["now"], "and what is kept")
    logs.put_retention_policy(logGroupName="mine", retentionInDays=7)
    same(logs.describe_log_groups(logGroupNamePrefix="mine")["logGroups"][0]["retentionInDays"], 7, "retention")
    logs.delete_retention_policy(logGroupName="mine")
    check("retentionInDays" not in logs.describe_log_groups(logGroupNamePrefix="mine")["logGroups"][0], "and none")
    logs.delete_log_stream(logGroupName="mine", logStreamName="s")
    same(logs.describe_log_streams(logGroupName="mine")["logStreams"], [], "DeleteLogStream")


for part in (made, listings, tags, searches, written):
    try:
        part()
    except Exception as error:  # the rest is still worth asking
        check(False, "%s ran to its end" % part.__name__, repr(error))
print("1..%d" % count)
sys.exit(failed > 0)
