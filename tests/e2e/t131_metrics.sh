#!/bin/sh
# What the calls of an endpoint come to is read from CloudWatch by aws-cli and boto3: calls, cache hits, loaded models.
. tests/e2e/lib.sh

fast_local --latency none
spec=$(copy_demo measured)
sed -i 's/backend: sagemaker/backend: local/' "$spec"
mme apply "$spec"
is_exit 0 "the demo's endpoint serves"

cut -d, -f2- examples/data/breast-cancer-validation.csv | head -n 3 >"$T/rows.csv"
echo 'no,numbers' >"$T/bad.csv"
models=$(call s3 ls sagemaker-us-east-1-123456789012/measured/models/ | xargs -n1 basename)
first=$(echo "$models" | head -n 1)
is "$(echo "$models" | wc -l)" 5 "five models"
from=$(date -u -d '-5 minutes' +%FT%TZ)
to=$(date -u -d '+1 hour' +%FT%TZ)
for round in 1 2; do
    for model in $models; do
        call invoke measured "$model" "$T/rows.csv" >"$T/answer" || note "$round $model: $(cat "$T/answer")"
    done
done
call invoke measured "$first" "$T/bad.csv" >/dev/null 2>&1

# Debian's aws-cli speaks the query protocol and has to be told the endpoint; a newer one speaks JSON.
metric() { # NAME STATISTIC [NAMESPACE]
    "$aws" --endpoint-url "$AWS_ENDPOINT_URL" cloudwatch get-metric-statistics --namespace "${3:-AWS/SageMaker}" --metric-name "$1" \
        --dimensions Name=EndpointName,Value=measured Name=VariantName,Value=AllTraffic --start-time "$from" --end-time "$to" \
        --period 86400 --statistics "$2" --query "Datapoints[0].$2" --output text | sed 's/\.0$//'
}

tried=
for aws in /usr/bin/aws $(command -v aws); do
    [ -x "$aws" ] || continue
    [ "$aws" != "$tried" ] || continue
    tried=$aws
    is "$(metric Invocations Sum)" 11 "eleven calls, says $aws"
    is "$(metric ModelCacheHit Sum)" 6 "six found their model"
    is "$(metric ModelCacheHit SampleCount)" 11 "of all calls"
    is "$(metric ModelLoadingTime SampleCount)" 5 "five models were loaded"
    is "$(metric ModelDownloadingTime SampleCount)" 5 "and downloaded"
    is "$(metric Invocation4XXErrors Sum)" 1 "one was refused by the model"
    is "$(metric Invocation5XXErrors Sum)" 0 "none failed"
    is "$(metric LoadedModelCount Maximum /aws/sagemaker/Endpoints)" 5 "five models are in memory"
    is "$(metric ModelUnloadingTime SampleCount)" None "none was unloaded"
    queries='[{"Id": "hits", "MetricStat": {"Period": 86400, "Stat": "Average", "Metric": {"Namespace": "AWS/SageMaker",
        "MetricName": "ModelCacheHit", "Dimensions": [{"Name": "EndpointName", "Value": "measured"},
        {"Name": "VariantName", "Value": "AllTraffic"}]}}}]'
    is "$("$aws" --endpoint-url "$AWS_ENDPOINT_URL" cloudwatch get-metric-data --start-time "$from" --end-time "$to" \
        --metric-data-queries "$queries" --query 'MetricDataResults[0].Values[0]' --output text | cut -c1-6)" 0.5454 "the hit ratio"
    is "$("$aws" --endpoint-url "$AWS_ENDPOINT_URL" cloudwatch list-metrics --namespace AWS/SageMaker --query 'length(Metrics)' \
        --output text)" 11 "what there is to read"
done
[ -n "$tried" ] || skip "aws-cli reads them" "there is no aws-cli"

cat >"$T/read.py" <<'PY'
import boto3, datetime, os
now = datetime.datetime.now(datetime.timezone.utc)
watch = boto3.client("cloudwatch", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
dimensions = [{"Name": "EndpointName", "Value": "measured"}, {"Name": "VariantName", "Value": "AllTraffic"}]
found = watch.get_metric_statistics(
    Namespace="AWS/SageMaker", MetricName="ModelLatency", Dimensions=dimensions, StartTime=now - datetime.timedelta(minutes=30),
    EndTime=now + datetime.timedelta(minutes=1), Period=3600, ExtendedStatistics=["p50", "p99"])["Datapoints"][0]
p50, p99 = found["ExtendedStatistics"]["p50"], found["ExtendedStatistics"]["p99"]
queries = [
    {"Id": name.lower(), "MetricStat": {"Metric": {"Namespace": "AWS/SageMaker", "MetricName": name, "Dimensions": dimensions}, "Period": 60, "Stat": "Sum"}}
    for name in ("Invocations", "ModelCacheHit")]
pages = watch.get_paginator("get_metric_data").paginate(
    MetricDataQueries=queries, StartTime=now - datetime.timedelta(minutes=30), EndTime=now + datetime.timedelta(minutes=1), MaxDatapoints=1)
sums = {}
for page in pages:
    for result in page["MetricDataResults"]:
        sums[result["Id"]] = sums.get(result["Id"], 0) + sum(result["Values"])
print("%s %s %g %g" % (found["Unit"], 0 < p50 <= p99, sums["invocations"], sums["modelcachehit"]))
PY
is "$("$PYTHON" "$T/read.py" 2>&1)" "Microseconds True 11 6" "boto3 reads percentiles, and pages"

mme destroy "$spec"
is_exit 0 "destroy"
done_testing
