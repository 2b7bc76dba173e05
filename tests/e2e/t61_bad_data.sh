#!/bin/sh
# Data that XGBoost cannot read is refused before anything is sent, by file, row and column, whoever would train on it.
. tests/e2e/lib.sh
. tests/e2e/bad.sh

fast_local
call s3 mb other-data
mkdir "$T/data"
printf '1,2,3\n0,4,5\n1,6,7\n' >"$T/data/good.csv"
call s3 put other-data/train/good.csv "$T/data/good.csv"
spec=$T/mme.yaml
write_spec() { # SOURCE CONTENT-TYPE BACKEND
    cat >"$spec" <<SPEC
apiVersion: mmectl/v1
kind: MultiModelEndpoint
metadata: {name: bad-data}
spec:
  region: us-east-1
  role: arn:aws:iam::123456789012:role/SageMaker
  training:
    backend: $3
    instance: {type: ml.m5.large, count: 1}
    channels:
      train: {source: $1, contentType: $2}
    hyperparameters: {objective: "reg:squarederror", num_round: 2}
  models:
    - name: model_one
  endpoint:
    instance: {type: ml.m5.large, count: 1}
SPEC
}
place="$T/mme\\.yaml:11:23"

# A stack is live, made of good data: bad data must not take it down.
write_spec data/good.csv text/csv sagemaker
mme apply "$spec"
is_exit 0 "good data deploys"
before=$(things)

# bad NAME FILE-CONTENT CONTENT-TYPE MESSAGE HINT: for both backends. The name is the file's.
bad() {
    printf "$2" >"$T/data/$1"
    for backend in sagemaker local; do
        write_spec "data/$1" "$3" $backend
        mme apply "$spec"
        refused "$backend: $1" 1 "channel 'train': 'data/$1' $4" "$place" "${5:-}"
    done
}

rows="each row: the label, then as many numbers .*"
bad empty.csv '' text/csv 'is empty' "a channel needs at least one row"
bad blank.csv '\n \n\n' text/csv 'is empty'
bad ragged.csv '1,2,3\n0,4\n' text/csv 'row 2 has 2 values, the first row has 3' "$rows"
bad longer.csv '1,2,3\n0,4,5\n1,6,7,8\n' text/csv 'row 3 has 4 values, the first row has 3' "$rows"
bad header.csv 'label,age,sum\n1,2,3\n' text/csv \
    "row 1 is a header: column 1 is 'label', which is not a number" "XGBoost's CSV has no header: delete the first line"
bad cell.csv '1,2,3\n0,4,x7\n' text/csv "row 2, column 3: 'x7' is not a number" "$rows"
bad decimal_comma.csv '1;2,5\n' text/csv "row 1, column 1: '1;2' is not a number" "$rows"
bad label.csv '1,2,3\n,4,5\n' text/csv "row 2: the label is missing" "$rows"
bad infinite.csv '1,2,3\n0,1e99,5\n' text/csv "row 2, column 2: '1e99' is infinite or too large for a float" "$rows"
bad alone.csv '1\n0\n' text/csv "row 1 has 1 value \('1'\): a label and at least one feature are needed" "$rows"
bad escape.csv '1,2\n0,\033[2J\n' text/csv "row 2, column 2: '[^[:cntrl:]]*' is not a number" "$rows"
bad bad.libsvm '1 0:2 1:3\n0 0:x\n' text/libsvm "row 2, token 2: '0:x' .*" "each row: label.*"
bad csv_as.libsvm '1,2,3\n' text/libsvm "row 1: .*" "each row: label.*"

# Row and column are right far into a real file, too.
sed '300s/^\(\([^,]*,\)\{11\}\)[^,]*/\1n\/a/' examples/data/breast-cancer-train.csv >"$T/data/real.csv"
write_spec data/real.csv text/csv sagemaker
mme plan "$spec"
refused "plan finds it as well" 1 "channel 'train': 'data/real\.csv' row 300, column 12: 'n/a' is not a number" "$place" "$rows"

# ---- what is not there ----

write_spec data/nosuch.csv text/csv sagemaker
mme apply "$spec"
refused "missing file" 1 "channel 'train': reading 'data/nosuch\.csv': No such file or directory|channel 'train': reading '$T/data/nosuch\.csv': No such file or directory" \
    "$place" "a path in a spec starts at the spec's own folder"
write_spec data text/csv sagemaker
mme apply "$spec"
refused "a folder for a file" 1 "channel 'train': '$T/data' is a folder, not a file" "$place" "name one file of it"
write_spec s3://other-data/trian/good.csv text/csv sagemaker
mme apply "$spec"
refused "missing s3 object" 1 "channel 'train': there is no object under 's3://other-data/trian/good\.csv'" "$place" "check the bucket and the key.*"
write_spec s3://no-such-bucket/good.csv text/csv sagemaker
mme apply "$spec"
refused "missing s3 bucket" 1 "channel 'train': there is no object under 's3://no-such-bucket/good\.csv'" "$place" "check the bucket and the key.*"

if [ "$(id -u)" = 0 ]; then
    skip "a file that may not be read" "root may read everything"
else
    chmod 0 "$T/data/good.csv"
    write_spec data/good.csv text/csv sagemaker
    mme apply "$spec"
    refused "a file that may not be read" 1 "channel 'train': .*good\.csv': Permission denied" "$place" "check the owner .*"
    chmod 600 "$T/data/good.csv"
fi

# ---- what only AWS's container reads is not refused for that ----

printf 'PAR1' >"$T/data/some.parquet"
write_spec data/some.parquet application/x-parquet sagemaker
mme plan "$spec" -detailed-exitcode
is_exit 2 "a parquet channel is left to the container"

same_things "nothing of all this changed anything" "$before"
done_testing
