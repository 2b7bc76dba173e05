"""The whole life of examples/mme-demo.yaml made by aws-cli, one command at a time: data, five training jobs, a multi-model
endpoint, calls by --target-model, a model added without a roll, everything taken down; its waiters and its paging.

    demo_aws.py NAME EXPECTED.json FOLDER    NAME: of everything it makes; FOLDER: for its files

Where to is in the environment, as for demo_boto3.py. The commands run in this process, which is what the program `aws` is
beside the second that Python takes to load it; the Python that runs this decides which aws-cli. Prints lines for Tap.adopt.
"""
import json
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import awscli
import awscli.clidriver
from harness.tap import Lines
from harness.world import MODELS, first_row

NAME, EXPECTED, FOLDER = sys.argv[1], json.load(open(sys.argv[2])), sys.argv[3]
ROLE = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
check = Lines.check


def caught(words):
    """aws-cli writes to the descriptors themselves now and then."""
    kept, files = [os.dup(1), os.dup(2)], [open(file("out"), "w+"), open(file("err"), "w+")]
    sys.stdout.flush()
    for number, into in enumerate(files, 1):
        os.dup2(into.fileno(), number)
    try:
        code = awscli.clidriver.create_clidriver().main(words)
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, from_ in enumerate(kept, 1):
            os.dup2(from_, number)
            os.close(from_)
    texts = []
    for one in files:
        one.seek(0)
        texts.append(one.read())
        one.close()
    return code or 0, *texts


def aws(*words):
    where = ["--endpoint-url", os.environ["AWS_ENDPOINT_URL"]] if "AWS_ENDPOINT_URL" in os.environ else []
    code, out, err = caught(["--region", "us-east-1", "--output", "json", *where, *words])
    return code, (json.loads(out) if out.strip().startswith("{") else out), err


def must(*words):
    code, out, err = aws(*words)
    if code != 0:
        check(False, " ".join(words[:2]), "exit status %d" % code, out, err)
        sys.exit(1)
    return out


def file(name, text=None):
    path = os.path.join(FOLDER, name)
    if text is not None:
        with open(path, "w") as out:
            out.write(text)
    return path


def job_of(model):
    return "%s-%s" % (NAME, model.replace("_", "-"))


def refused(what, text, *words):
    code, out, err = aws(*words)
    check(code != 0 and text in err, what, out, err)


def data():
    who = must("sts", "get-caller-identity")
    check(who["Account"] == "123456789012", "sts get-caller-identity", who)
    must("s3", "mb", "s3://" + NAME)
    must("s3api", "wait", "bucket-exists", "--bucket", NAME)
    must("s3api", "wait", "object-not-exists", "--bucket", NAME, "--key", "data/breast-cancer-train.csv")
    must("s3", "sync", "--exclude", "*", "--include", "breast-cancer-*.csv", "examples/data", "s3://%s/data" % NAME)
    must("s3api", "wait", "object-exists", "--bucket", NAME, "--key", "data/breast-cancer-train.csv")
    listing = must("s3api", "list-objects-v2", "--bucket", NAME, "--prefix", "data/breast-cancer-", "--page-size", "1")
    check(len(listing["Contents"]) == 2, "s3 sync, and list-objects-v2 one a page", listing)
    again = must("s3", "sync", "--exclude", "*", "--include", "breast-cancer-*.csv", "examples/data", "s3://%s/data" % NAME)
    check(again.strip() == "", "a second sync has nothing to do", again)
    with open(file("large"), "wb") as out:
        out.write(os.urandom(1 << 20) * 20)
    must("s3", "cp", "--no-progress", file("large"), "s3://%s/large" % NAME)
    must("s3", "mv", "--no-progress", "s3://%s/large" % NAME, "s3://%s/moved" % NAME)
    must("s3", "cp", "--no-progress", "s3://%s/moved" % NAME, file("back"))
    with open(file("large"), "rb") as one, open(file("back"), "rb") as other:
        check(one.read() == other.read(), "20 MiB go there in parts, are moved, and come back")
    refused("a bucket with something in it stays", "BucketNotEmpty", "s3", "rb", "s3://" + NAME)


def train():
    channels = [{"ChannelName": part, "ContentType": "text/csv", "DataSource": {"S3DataSource": {
        "S3DataType": "S3Prefix", "S3Uri": "s3://%s/data/breast-cancer-%s.csv" % (NAME, part),
        "S3DataDistributionType": "FullyReplicated"}}} for part in ("train", "validation")]
    made = [must(
        "sagemaker", "create-training-job", "--training-job-name", job_of(model), "--role-arn", ROLE,
        "--algorithm-specification", "TrainingImage=%s,TrainingInputMode=File" % IMAGE,
        "--hyper-parameters", json.dumps({"objective": "binary:logistic", "eval_metric": "auc", "num_round": str(rounds),
                                          "max_depth": str(depth), "eta": str(eta)}),
        "--input-data-config", json.dumps(channels), "--output-data-config", "S3OutputPath=s3://%s/out" % NAME,
        "--resource-config", "InstanceType=ml.m5.large,InstanceCount=1,VolumeSizeInGB=10",
        "--stopping-condition", "MaxRuntimeInSeconds=3600", "--tags", "Key=project,Value=" + NAME,
    ) for model, (rounds, depth, eta) in MODELS.items()]
    check(all(":training-job/" in one["TrainingJobArn"] for one in made), "create-training-job", made)
    until = time.monotonic() + 60  # its waiter looks once in two minutes
    while time.monotonic() < until:
        jobs = must("sagemaker", "list-training-jobs", "--name-contains", NAME + "-", "--page-size", "2")["TrainingJobSummaries"]
        if all(job["TrainingJobStatus"] == "Completed" for job in jobs):
            break
        time.sleep(0.1)
    check(sorted(job["TrainingJobName"] for job in jobs) == sorted(map(job_of, MODELS)), "list-training-jobs, two a page", jobs)
    must("sagemaker", "wait", "training-job-completed-or-stopped", "--training-job-name", job_of("model_fast"))
    described = [must("sagemaker", "describe-training-job", "--training-job-name", job_of(model)) for model in MODELS]
    check(all(job["TrainingJobStatus"] == "Completed" for job in described), "all are trained", described)
    log = must("logs", "filter-log-events", "--log-group-name", "/aws/sagemaker/TrainingJobs", "--log-stream-name-prefix",
               job_of("model_fast"), "--filter-pattern", "validation")
    check(len(log["events"]) == 30, "filter-log-events: a line a round", log["events"][-2:])
    return {model: job["ModelArtifacts"]["S3ModelArtifacts"] for model, job in zip(MODELS, described)}


def invoke(model):
    answer = file("answer-" + model)
    code, out, err = aws(
        "sagemaker-runtime", "invoke-endpoint", "--endpoint-name", NAME, "--target-model", model + ".tar.gz", "--content-type",
        "text/csv", "--accept", "text/csv", "--body", "fileb://" + file("row"), answer)
    return open(answer).read().strip() if code == 0 else err


def deploy(made):
    file("row", first_row())

    def publish(model):
        return ["s3", "cp", "--no-progress", made[model], "s3://%s/models/%s.tar.gz" % (NAME, model)]

    for model in list(MODELS)[:4]:
        must(*publish(model))
    must("sagemaker", "create-model", "--model-name", NAME, "--execution-role-arn", ROLE, "--primary-container",
         "Image=%s,Mode=MultiModel,ModelDataUrl=s3://%s/models/" % (IMAGE, NAME))
    must("sagemaker", "create-endpoint-config", "--endpoint-config-name", NAME, "--production-variants",
         "VariantName=AllTraffic,ModelName=%s,InstanceType=ml.m5.large,InitialInstanceCount=1,InitialVariantWeight=1" % NAME)
    must("sagemaker", "create-endpoint", "--endpoint-name", NAME, "--endpoint-config-name", NAME)
    must("sagemaker", "wait", "endpoint-in-service", "--endpoint-name", NAME)
    for model in list(MODELS)[:4]:
        got = invoke(model)
        check(got == EXPECTED[model], "invoke-endpoint --target-model %s" % model, got, EXPECTED[model])
    got = invoke("model_fast")
    check("Failed to download" in got, "a model that is not there is an error", got)
    before = must("sagemaker", "describe-endpoint", "--endpoint-name", NAME)
    must(*publish("model_fast"))
    got = invoke("model_fast")
    after = must("sagemaker", "describe-endpoint", "--endpoint-name", NAME)
    check(got == EXPECTED["model_fast"] and before["LastModifiedTime"] == after["LastModifiedTime"],
          "a model that was added is there, without a roll", got, before, after)
    refused("an endpoint that is not there", "Could not find endpoint", "sagemaker", "describe-endpoint", "--endpoint-name", "nobody")


def clean_up():
    must("sagemaker", "delete-endpoint", "--endpoint-name", NAME)
    must("sagemaker", "wait", "endpoint-deleted", "--endpoint-name", NAME)
    must("sagemaker", "delete-endpoint-config", "--endpoint-config-name", NAME)
    must("sagemaker", "delete-model", "--model-name", NAME)
    refused("the model is gone", "Could not find model", "sagemaker", "describe-model", "--model-name", NAME)
    must("s3", "rb", "--force", "s3://" + NAME)
    must("s3api", "wait", "bucket-not-exists", "--bucket", NAME)
    check(True, "everything is taken down")


def main():
    data()
    deploy(train())
    clean_up()
    print("# aws-cli %s" % awscli.__version__)
    print("end")


main()
