#include "tests/harness/test.h"

#include "tests/unit/specs/spec_test.h"

/* One field at a time: unknown, missing, of the wrong type, out of its limits, not supported. */
static void faults_of_single_fields(void **state)
{
    static const struct fault_case s_cases[] = {
        {"apiVersion: mmectl/v1", "apiVersion: mmectl/v2",
         "E spec.yaml:1:13 'apiVersion' must be 'mmectl/v1', not the string 'mmectl/v2' | did you "
         "mean 'mmectl/v1'?\n"},
        {"apiVersion: mmectl/v1\n", "",
         "E spec.yaml:1:1 missing 'apiVersion' | for example 'apiVersion: mmectl/v1'\n"},
        {"kind: MultiModelEndpoint", "kind: multimodelendpoint",
         "E spec.yaml:2:7 'kind' must be 'MultiModelEndpoint', not the string 'multimodelendpoint' "
         "| did you mean 'MultiModelEndpoint'?\n"},
        {"name: demo\n  tags", "name: Demo\n  tags",
         "E spec.yaml:4:9 'Demo' is not valid as 'name' | 'name' takes lower-case letters, digits "
         "and '-', not at the ends\n"},
        {"name: demo\n  tags", "name: a-name-that-is-longer-than-32-chars\n  tags",
         "E spec.yaml:4:9 'name' must have 1 to 32 characters, not 35 | 'mmectl help spec "
         "metadata.name' explains it\n"},
        {"name: demo\n  tags", "name: \"\"\n  tags",
         "E spec.yaml:4:9 'name' is empty | 'mmectl help spec metadata.name' explains it\n"},
        {"  name: demo\n  tags", "  tags",
         "E spec.yaml:3:1 missing 'name' in 'metadata' | for example 'name: mme-demo'\n"},
        {"{team: risk}", "{\"te#am\": risk}",
         "E spec.yaml:5:10 'te#am' is not valid as a name in 'tags' | a name in 'tags' takes "
         "letters, digits, spaces and _ . : / = + - @\n"},
        {"{team: risk}", "{team: \"ri\\tsk\"}",
         "E spec.yaml:5:16 'team' contains a control character | 'mmectl help spec metadata.tags' "
         "explains it\n"},
        {"{team: risk}", "{team: }",
         "E spec.yaml:5:16 'team' has no value | leave the key out, or write \"\" for an empty "
         "text\n"},
        {"{team: risk}", "{team: [risk]}",
         "E spec.yaml:5:16 'team' must be a single value, not a list | 'mmectl help spec "
         "metadata.tags' explains it\n"},
        {"{team: risk}", "[team, risk]",
         "E spec.yaml:5:9 'tags' must be a mapping of names to values, not a list | 'mmectl help "
         "spec metadata.tags' explains it\n"},
        {"metadata:\n", "metadata: {nme: x}\nmetadata2:\n",
         "E spec.yaml:3:1 missing 'name' in 'metadata' | for example 'name: mme-demo'\n"
         "E spec.yaml:3:12 unknown key 'nme' in 'metadata' | did you mean 'name'?\n"
         "E spec.yaml:4:1 unknown key 'metadata2' | did you mean 'metadata'?\n"},
        {"  account: \"123456789012\"", "  account: \"12345678901\"",
         "E spec.yaml:11:12 '12345678901' is not valid as 'account' | 'account' takes 12 digits\n"},
        {"  account: \"123456789012\"", "  account: 123456789012 # plain is fine\n  acount: 1",
         "E spec.yaml:12:3 unknown key 'acount' in 'spec' | did you mean 'account'?\n"},
        {"region: us-east-1", "region: us-east",
         "E spec.yaml:12:11 'us-east' is not valid as 'region' | 'region' takes an AWS region, "
         "such as us-east-1\n"},
        {"  region: us-east-1", "  regions: us-east-1",
         "E spec.yaml:12:12 'regions' must be a list of strings, not the string 'us-east-1' | "
         "'mmectl help spec spec.regions' explains it\n"},
        {"  region: us-east-1\n", "",
         "E spec.yaml:10:1 missing 'region' in 'spec' | for example 'region: us-east-1', or "
         "--region us-east-1\n"},
        {"  role: arn:aws:iam::123456789012:role/SageMaker\n", "",
         "E spec.yaml:10:1 missing 'role' in 'spec' | for example 'role: "
         "arn:aws:iam::123456789012:role/SageMakerExecutionRole'\n"},
        {"arn:aws:iam::123456789012:role/SageMaker", "arn:aws:iam::123456789012:user/somebody",
         "E spec.yaml:13:9 'arn:aws:iam::123456789012:user/somebody' is not valid as 'role' | "
         "'role' takes arn:aws:iam::<account>:role/<name>\n"},
        {"arn:aws:iam::123456789012:role/SageMaker", "admin",
         "E spec.yaml:13:9 'role' must have 20 to 2048 characters, not 5 | 'mmectl help spec "
         "spec.role' explains it\n"},
        {"arn:aws:iam::123456789012:role/SageMaker", "${rol}",
         "E spec.yaml:13:9 variable 'rol' is not declared | declare it under 'variables', or write "
         "$${rol} for the text itself\n"},
        {"arn:aws:iam::123456789012:role/SageMaker", "${unset}",
         "E spec.yaml:13:9 variable 'unset' has no value | give --set unset=VALUE or "
         "MMECTL_VAR_unset=VALUE\n"},
        {"arn:aws:iam::123456789012:role/SageMaker", "${buckt}",
         "E spec.yaml:13:9 variable 'buckt' is not declared | did you mean 'bucket'?\n"},
        {"arn:aws:iam::123456789012:role/SageMaker", "\"${bucket\"",
         "E spec.yaml:13:9 '${bucket' is not a variable | write ${name}, or $${ for the text '${' "
         "itself\n"},
        {"bucket: \"${bucket}\"", "bucket: My_Bucket",
         "E spec.yaml:14:21 'My_Bucket' is not valid as 'bucket' | 'bucket' takes lower-case "
         "letters, digits, '.' and '-', not at the ends\n"},
        {"bucket: \"${bucket}\"", "bucket: ab",
         "E spec.yaml:14:21 'bucket' must have 3 to 63 characters, not 2 | 'mmectl help spec "
         "spec.storage.bucket' explains it\n"},
        {"bucket: \"${bucket}\"", "kmsKey: my key",
         "E spec.yaml:14:21 'my key' is not valid as 'kmsKey' | 'kmsKey' takes a key's id or ARN, "
         "or alias/NAME\n"},
        {"prefix: demo", "prefix: a//b",
         "E spec.yaml:14:42 'a//b' is not valid as 'prefix' | 'prefix' takes letters, digits and ! "
         "_ . * ' ( ) = -, parted by single '/'\n"},
        {"prefix: demo", "prefix: [a]",
         "E spec.yaml:14:42 'prefix' must be a string, not a list | 'mmectl help spec "
         "spec.storage.prefix' explains it\n"},
        {"backend: sagemaker", "backend: lcoal",
         "E spec.yaml:16:14 'backend' must be 'sagemaker' or 'local', not the string 'lcoal' | did "
         "you mean 'local'?\n"},
        {"backend: sagemaker", "backend: 5",
         "E spec.yaml:16:14 'backend' must be 'sagemaker' or 'local', not the number '5' | 'mmectl "
         "help spec spec.training.backend' explains it\n"},
        {"name: xgboost", "name: lightgbm",
         "E spec.yaml:17:23 'lightgbm' is not valid as 'name' | 'name' takes 'xgboost'; for "
         "another image use training.image\n"},
        {"version: \"1.7-1\"", "version: 1.7",
         "E spec.yaml:17:41 '1.7' is not valid as 'version' | 'version' takes a tag of the image, "
         "such as 1.7-1\n"},
        {"count: 1, volume", "count: 0, volume",
         "E spec.yaml:18:40 'count' must be 1 to 100, not 0 | 'mmectl help spec "
         "spec.training.instance.count' explains it\n"},
        {"count: 1, volume", "count: \"1\", volume",
         "E spec.yaml:18:40 'count' must be a whole number, not the string '1' | leave the quotes "
         "out\n"},
        {"count: 1, volume", "count: 1.5, volume",
         "E spec.yaml:18:40 'count' must be a whole number, not the number '1.5' | 'mmectl help "
         "spec spec.training.instance.count' explains it\n"},
        {"count: 1, volume", "count: one, volume",
         "E spec.yaml:18:40 'count' must be a whole number, not the string 'one' | 'mmectl help "
         "spec spec.training.instance.count' explains it\n"},
        {"count: 1, volume", "count: 99999999999999999999, volume",
         "E spec.yaml:18:40 'count' must be 1 to 100, not 99999999999999999999 | 'mmectl help spec "
         "spec.training.instance.count' explains it\n"},
        {"count: 1, volume", "count: {a: b}, volume",
         "E spec.yaml:18:40 'count' must be a whole number, not a mapping | 'mmectl help spec "
         "spec.training.instance.count' explains it\n"},
        {"volumeSizeInGB", "volumeSizeInGb",
         "E spec.yaml:18:43 unknown key 'volumeSizeInGb' in 'spec.training.instance' | did you "
         "mean 'volumeSizeInGB'?\n"},
        {"maxRuntime: 1h", "maxRuntime: 1 hour",
         "E spec.yaml:19:17 'maxRuntime' must be a time such as 30s, 5m or 2h, not the string '1 "
         "hour' | 'mmectl help spec spec.training.maxRuntime' explains it\n"},
        {"maxRuntime: 1h", "maxRuntime: 3600",
         "E spec.yaml:19:17 'maxRuntime' must be a time such as 30s, 5m or 2h, not the number "
         "'3600' | write '3600s' for seconds\n"},
        {"maxRuntime: 1h", "maxRuntime: 673h",
         "E spec.yaml:19:17 'maxRuntime' must be 1 to 2419200 seconds, not 2422800 | 'mmectl help "
         "spec spec.training.maxRuntime' explains it\n"},
        {"maxRuntime: 1h", "maxRuntime: 1h\n    concurrency: 0",
         "E spec.yaml:20:18 'concurrency' must be 1 to 1000, not 0 | 'mmectl help spec "
         "spec.training.concurrency' explains it\n"},
        {"maxRuntime: 1h", "maxRuntime: 1h\n    keepAlive: 7h",
         "E spec.yaml:20:16 'keepAlive' must be 0 to 21600 seconds, not 25200 | 'mmectl help spec "
         "spec.training.keepAlive' explains it\n"},
        {"maxRuntime: 1h", "maxRuntime: 1h\n    spot: true",
         "E spec.yaml:20:11 'spec.training.spot' must be a mapping, not the truth value 'true' | "
         "'mmectl help spec spec.training.spot' explains it\n"},
        {"data/train.csv", "http://host/train.csv",
         "E spec.yaml:21:23 'http://host/train.csv' is neither a local path nor s3:// | 'source' "
         "takes a local path or s3://bucket/key\n"},
        {"data/train.csv", "s3://bucket",
         "E spec.yaml:21:23 's3://bucket' names no object | 'source' takes a local path or "
         "s3://bucket/key\n"},
        {"data/train.csv", "\"\"",
         "E spec.yaml:21:23 'source' is empty | 'mmectl help spec "
         "spec.training.channels.train.source' explains it\n"},
        {"source: data/train.csv, ", "",
         "E spec.yaml:21:7 missing 'source' in 'spec.training.channels.train' | for example "
         "'source: data/train.csv'\n"},
        {"train: {source", "test: {source",
         "E spec.yaml:15:3 missing channel 'train' in 'spec.training.channels' | for example "
         "'channels: {train: {source: data/train.csv, contentType: text/csv}}'\n"
         "E spec.yaml:21:7 'test' is not valid as a name in 'channels' | a name in 'channels' "
         "takes 'train' or 'validation', the channels the algorithm reads\n"},
        {"validation: {source", "valdation: {source",
         "E spec.yaml:22:7 'valdation' is not valid as a name in 'channels' | a name in 'channels' "
         "takes 'train' or 'validation', the channels the algorithm reads\n"},
        {"contentType: text/csv}\n      v", "contentType: text/xml}\n      v",
         "E spec.yaml:21:52 'text/xml' is not valid as 'contentType' | 'contentType' takes "
         "text/csv, text/libsvm, application/x-parquet or application/x-recordio-protobuf\n"},
        {"channels:\n", "channels: [a]\n    maxruntime:\n",
         "E spec.yaml:15:3 missing channel 'train' in 'spec.training.channels' | for example "
         "'channels: {train: {source: data/train.csv, contentType: text/csv}}'\nE spec.yaml:20:15 "
         "'channels' must be a mapping of names to mappings, not a list | 'mmectl help spec "
         "spec.training.channels' explains it\nE spec.yaml:21:5 unknown key 'maxruntime' in "
         "'spec.training' | did you mean 'maxRuntime'?\n"},
        {"- name: one", "- name: o--ne",
         "E spec.yaml:25:13 'o--ne' is not valid as 'name' | 'name' takes letters, digits, '.', "
         "'_' and single '-', first a letter or digit\n"},
        {"- name: one", "- name: -one",
         "E spec.yaml:25:13 '-one' is not valid as 'name' | 'name' takes letters, digits, '.', '_' "
         "and single '-', first a letter or digit\n"},
        {"- name: one\n      hyper", "- hyper",
         "E spec.yaml:25:7 missing 'name' in 'spec.models[0]' | for example 'name: "
         "model_conservative'\n"},
        {"- name: one",
         "- name: "
         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
         "xxxxxxxxxxxxx",
         "E spec.yaml:25:13 'name' must have 1 to 101 characters, not 102 | 'mmectl help spec "
         "spec.models.name' explains it\n"},
        {"- name: one", "- ~\n    - name: one",
         "E spec.yaml:25:7 'spec.models[0]' must be a mapping, not nothing | 'mmectl help spec "
         "spec.models' explains it\n"},
        {"- name: one", "- {name: x, artifact: s3://b/k, description: \"a\\nb\"}\n    - name: one",
         "E spec.yaml:25:50 'description' contains a line break | '>-' folds long text into one "
         "line\n"},
        {"      artifact: s3://bucket/model.tar.gz",
         "      artifact: s3://bucket/model.tar.gz\n      sha256: abc",
         "E spec.yaml:29:15 'sha256' must have 64 characters, not 3 | 'mmectl help spec "
         "spec.models.sha256' explains it\n"},
        {"      artifact: s3://bucket/model.tar.gz",
         "      artifact: s3://bucket/model.tar.gz\n      protect: yes",
         "E spec.yaml:29:16 'protect' must be true or false, not the string 'yes' | YAML 1.2 knows "
         "only 'true' and 'false'\n"},
        {"      artifact: s3://bucket/model.tar.gz",
         "      artifact: s3://bucket/model.tar.gz\n      protect: \"true\"",
         "E spec.yaml:29:16 'protect' must be true or false, not the string 'true' | leave the "
         "quotes out\n"},
        {"      artifact: s3://bucket/model.tar.gz",
         "      artifact: s3://bucket/model.tar.gz\n      version: 3f2a9c1",
         "E spec.yaml:29:16 'version' must have 8 to 64 characters, not 7 | 'mmectl help "
         "spec spec.models.version' explains it\n"},
        {"      artifact: s3://bucket/model.tar.gz",
         "      artifact: s3://bucket/model.tar.gz\n      version: 3F2A9C1E",
         "E spec.yaml:29:16 '3F2A9C1E' is not valid as 'version' | 'version' takes 8 to 64 "
         "lower-case hex digits, as 'mmectl history' shows them\n"},
        {"      artifact: s3://bucket/model.tar.gz",
         "      artifact: s3://bucket/model.tar.gz\n      <<: {protect: true}",
         "E spec.yaml:29:7 unknown key '<<' in 'spec.models[1]' | YAML 1.2 has no merge keys; "
         "write the keys out\n"},
        {"hyperparameters: {num", "hyperparamters: {num",
         "E spec.yaml:25:7 model 'one': Missing required hyperparameter: num_round | set it here, "
         "or for every model in spec.training.hyperparameters\n"
         "E spec.yaml:26:7 unknown key 'hyperparamters' in 'spec.models[0]' | did you mean "
         "'hyperparameters'?\n"},
        {"max_depth: 2", "max_depth: [2]",
         "E spec.yaml:26:51 'max_depth' must be a single value, not a list | 'mmectl help spec "
         "spec.models.hyperparameters' explains it\n"},
        {"max_depth: 2", "max_depth: ~",
         "E spec.yaml:26:51 'max_depth' has no value | leave the key out, or write \"\" for an "
         "empty text\n"},
        {"  endpoint:\n", "  routes:\n  - {name: r, split: {one: 0}}\n  endpoint:\n",
         "E spec.yaml:30:28 'one' must be 1 to 10000, not 0 | 'split' takes whole numbers from 1 "
         "to 10000; a model that gets nothing is left out\n"},
        {"  endpoint:\n", "  routes:\n  - {name: r, split: {one: -5, two: 10001}}\n  endpoint:\n",
         "E spec.yaml:30:28 'one' must be 1 to 10000, not -5 | 'split' takes whole numbers from 1 "
         "to 10000; a model that gets nothing is left out\n"
         "E spec.yaml:30:37 'two' must be 1 to 10000, not 10001 | 'split' takes whole numbers from "
         "1 to 10000; a model that gets nothing is left out\n"},
        {"  endpoint:\n", "  routes:\n  - {name: r, split: {one: 9.5, two: \"1\"}}\n  endpoint:\n",
         "E spec.yaml:30:28 'one' must be a whole number, not the number '9.5' | 'split' takes "
         "whole numbers "
         "from 1 to 10000; a model that gets nothing is left out\n"
         "E spec.yaml:30:38 'two' must be a whole number, not the string '1' | 'split' takes whole "
         "numbers "
         "from 1 to 10000; a model that gets nothing is left out\n"},
        {"  endpoint:\n",
         "  routes:\n  - {name: r, split: {one: 99999999999999999999}}\n  endpoint:\n",
         "E spec.yaml:30:28 'one' must be 1 to 10000, not 99999999999999999999 | 'split' takes "
         "whole numbers from 1 to 10000; a model that gets nothing is left out\n"},
        {"  endpoint:\n", "  routes:\n  - {name: r, split: {}}\n  endpoint:\n",
         "E spec.yaml:30:22 'split' must have 1 to 100 entries, not 0 | 'mmectl help spec "
         "spec.routes.split' explains it\n"},
        {"  endpoint:\n", "  routes:\n  - {name: r}\n  endpoint:\n",
         "E spec.yaml:30:5 missing 'split' in 'spec.routes[0]' | for example 'split: "
         "{model_balanced: 90, model_aggressive: 10}'\n"},
        {"  endpoint:\n", "  versions: {retain: -1}\n  endpoint:\n",
         "E spec.yaml:29:22 'retain' must be 0 to 100, not -1 | 'mmectl help spec "
         "spec.versions.retain' "
         "explains it\n"},
        {"  endpoint:\n", "  versions: {keep: 1}\n  endpoint:\n",
         "E spec.yaml:29:14 unknown key 'keep' in 'spec.versions' | known keys here: retain\n"},
        {"    name: demo\n    target", "    name: de_mo\n    target",
         "E spec.yaml:30:11 'de_mo' is not valid as 'name' | 'name' takes letters, digits and '-', "
         "not at the ends\n"},
        {"    targetModels: stable", "    targetModels: Stable",
         "E spec.yaml:31:19 'targetModels' must be 'versioned' or 'stable', not the string "
         "'Stable' | did you mean 'stable'?\n"},
        {"    targetModels: stable", "    mode: serial",
         "E spec.yaml:31:11 'mode' must be 'multi-model', 'multi-container-direct' or "
         "'multi-container-serial', not the string 'serial' | 'mmectl help spec "
         "spec.endpoint.mode' explains it\n"},
        {"    targetModels: stable", "    containers: []",
         "E spec.yaml:31:17 'containers' must have 2 to 15 entries, not 0 | 'mmectl help spec "
         "spec.endpoint.containers' explains it\n"},
        {"    targetModels: stable", "    autoscaling: {min: 1}",
         "E spec.yaml:31:5 missing 'max' in 'spec.endpoint.autoscaling' | for example 'max: 4'\nE "
         "spec.yaml:31:5 missing 'targetInvocationsPerInstance' in 'spec.endpoint.autoscaling' | "
         "for example 'targetInvocationsPerInstance: 1000'\n"},
        {"    targetModels: stable",
         "    autoscaling: {min: 0, max: 0, targetInvocationsPerInstance: 0, scaleInCooldown: 2d}",
         "E spec.yaml:31:24 'min' must be 1 to 1000, not 0 | 'mmectl help spec "
         "spec.endpoint.autoscaling.min' explains it\nE spec.yaml:31:32 'max' must be 1 to 1000, "
         "not 0 | 'mmectl help spec spec.endpoint.autoscaling.max' explains it\nE spec.yaml:31:65 "
         "'targetInvocationsPerInstance' must be 1 to 1000000000, not 0 | 'mmectl help spec "
         "spec.endpoint.autoscaling.targetInvocationsPerInstance' explains it\nE spec.yaml:31:85 "
         "'scaleInCooldown' must be a time such as 30s, 5m or 2h, not the string '2d' | 'mmectl "
         "help spec spec.endpoint.autoscaling.scaleInCooldown' explains it\n"},
        {"    targetModels: stable", "    prefix: x",
         "E spec.yaml:31:5 unknown key 'prefix' in 'spec.endpoint' | 'prefix' belongs in "
         "'spec.storage'\n"},
        {"    targetModels: stable", "    quux: x",
         "E spec.yaml:31:5 unknown key 'quux' in 'spec.endpoint' | known keys here: name, mode, "
         "targetModels, instance, container, containers, modelCache, autoscaling, update, "
         "dataCapture, kmsKey, vpc, networkIsolation, startup, logs, protect\n"},
        {"    instance: {type: ml.m5.large, count: 1}\n    container", "    container",
         "E spec.yaml:29:3 missing 'instance' in 'spec.endpoint' | for example 'instance: {type: "
         "ml.m5.large, count: 1}'\n"},
        {"    instance: {type: ml.m5.large, count: 1}\n    container",
         "    instance: {count: 1}\n    container",
         "E spec.yaml:32:5 missing 'type' in 'spec.endpoint.instance' | for example 'type: "
         "ml.m5.large'\n"},
        {"    instance: {type: ml.m5.large, count: 1}\n    container",
         "    instance: {type: m5.large, count: 1}\n    container",
         "E spec.yaml:32:22 'm5.large' is not valid as 'type' | 'type' takes ml.<family>.<size>\n"},
        {"{WORKERS: \"1\"}", "{WORK-ERS: \"1\"}",
         "E spec.yaml:33:31 'WORK-ERS' is not valid as a name in 'environment' | a name in "
         "'environment' takes letters, digits and '_', first no digit\n"},
        {"{WORKERS: \"1\"}", "{WORKERS: !!int one}",
         "E spec.yaml:33:40 'one' is not a whole number, as its tag says | 'mmectl help spec "
         "spec.endpoint.container.environment' explains it\n"},
        {"modelCache: enabled", "modelCache: true",
         "E spec.yaml:34:17 'modelCache' must be 'enabled' or 'disabled', not the truth value "
         "'true' | 'mmectl help spec spec.endpoint.modelCache' explains it\n"},
        {"  bucket: \"\"", "  bucket: \"${type}\"",
         "E spec.yaml:7:11 the value of variable 'bucket' uses a variable | values are put in as "
         "they are; write the text out\n"},
        {"  bucket: \"\"", "  buc-ket: \"\"\n  bucket: \"\"",
         "E spec.yaml:7:3 'buc-ket' is not valid as a name in 'variables' | a name in 'variables' "
         "takes letters, digits and '_', first no digit\n"},
        {"  bucket: \"\"", "  bucket: [1]",
         "E spec.yaml:7:11 'bucket' must be a single value, not a list | \n"},
        {"  bucket: \"\"", "  bucket: \"\"\n  bucket: x",
         "E spec.yaml:8:3 duplicate key 'bucket', first at spec.yaml:7:3 | keep one of the two\n"},
        {"  bucket: \"\"",
         "  bucket: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"",
         "E spec.yaml:14:21 'bucket' must have 3 to 63 characters, not 70 | 'mmectl help spec "
         "spec.storage.bucket' explains it\n"},
    };
    check_faults(*state, s_cases, ARRAY_LEN(s_cases));
}

/* null, `~` and an emptied variable all mean that the key is not there. */
static void absent_keys_take_their_defaults(void **state)
{
    static const struct {
        const char *find, *replace;
    } s_cases[] = {
        {"prefix: demo", "prefix: ~"},
        {"prefix: demo", "prefix: "},
        {"prefix: demo", "prefix: \"${bucket}\""},
        {", prefix: demo", ""},
        {"  storage: {bucket: \"${bucket}\", prefix: demo}", "  storage:"},
        {"  storage: {bucket: \"${bucket}\", prefix: demo}\n", ""},
        {"    modelCache: enabled\n", ""},
        {"    maxRuntime: 1h\n", ""},
        {"    algorithm: {name: xgboost, version: \"1.7-1\"}\n", ""},
        {"    algorithm: {name: xgboost, version: \"1.7-1\"}\n", "    algorithm:\n"},
        {"count: 1, volumeSizeInGB: 10", "count: "},
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct loaded loaded = load_text(
            arena,
            text_replace(arena, str_from(SPEC_TEST_BASE), s_cases[i].find, s_cases[i].replace));
        assert_str(loaded.faults, "");
        assert_ok(loaded.code, &loaded.err);
        const struct spec *spec = loaded.specs.items[0];
        assert_str(spec->prefix.value, "demo");
        assert_true(str_is_null(spec->bucket.value));
        assert_int_equal(spec->endpoint.model_cache, SPEC_CACHE_ENABLED);
        assert_int_equal(spec->training.max_runtime_s, 3600);
        assert_str(spec->training.algorithm_name.value, "xgboost");
        assert_str(spec->training.algorithm_version.value, "1.7-1");
        assert_int_equal(spec->training.instance.count, 1);
        assert_int_equal(spec->training.instance.volume_gb, 10);
    }
}

static void string_fields_take_the_source_text(void **state)
{
    static const struct {
        const char *written, *read;
    } s_cases[] = {
        {"123456789012", "123456789012"},
        {"1e3", "1e3"},
        {"0777", "0777"},
        {"yes", "yes"},
        {"true", "true"},
        {"1.50", "1.50"},
        {"\"~\"", "~"},
        {"!!str 5", "5"},
        {"'it''s'", "it's"},
        {"$${x}", "${x}"},
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct str line = str_fmt(arena, "name: two\n      description: %s", s_cases[i].written);
        struct loaded loaded = load_text(
            arena, text_replace(arena, str_from(SPEC_TEST_BASE), "name: two", str_z(arena, line)));
        assert_str(loaded.faults, "");
        assert_str(loaded.specs.items[0]->models[1].description.value, s_cases[i].read);
    }
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1: refused */
    } s_cases[] = {
        {"30s", 30},
        {"5m", 300},
        {"2h", 7200},
        {"672h", 2419200},
        {"'5m'", 300},
        {"0s", -1},
        {"673h", -1},
        {"s", -1},
        {"5", -1},
        {"5d", -1},
        {"-5s", -1},
        {"+5s", -1},
        {"1h30m", -1},
        {"1.5h", -1},
        {"5 s", -1},
        {"9223372036854775807m", -1},
        {"9223372036854775808s", -1},
        {"5S", -1},
        {"'5'", -1},
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct str line = str_fmt(arena, "maxRuntime: %s", s_cases[i].text);
        struct loaded loaded = load_text(
            arena, text_replace(arena, STR(SPEC_TEST_BASE), "maxRuntime: 1h", str_z(arena, line)));
        if (s_cases[i].seconds < 0) {
            assert_int_equal(loaded.code, ERR_SPEC);
            continue;
        }
        assert_str(loaded.faults, "");
        assert_int_equal(loaded.specs.items[0]->training.max_runtime_s, s_cases[i].seconds);
    }
}

static void a_document_that_is_no_mapping(void **state)
{
    struct loaded loaded = load_text(*state, STR("[1, 2]\n"));
    assert_str(
        loaded.faults, "E spec.yaml:1:1 'the document' must be a mapping, not a list | 'mmectl "
                       "init' writes a spec to start from\nE spec.yaml:1:1 missing 'region' in "
                       "'spec' | for example 'region: us-east-1', or --region us-east-1\n");
}

/* What is near a fault is said with it: every place a key belongs to, how many there may be. */
static void keys_out_of_place(void **state)
{
    static const struct fault_case s_cases[] = {
        {"  region: us-east-1", "  volumeSizeInGB: 3\n  region: us-east-1",
         "E spec.yaml:12:3 unknown key 'volumeSizeInGB' in 'spec' | 'volumeSizeInGB' "
         "belongs in 'spec.training.instance' or 'spec.endpoint.instance'\n"},
        {"  region: us-east-1", "  instance: {}\n  region: us-east-1",
         "E spec.yaml:12:3 unknown key 'instance' in 'spec' | 'instance' belongs in "
         "'spec.training' or "
         "'spec.endpoint'\n"},
        {"  unset:\n", "  unset:\nvariables: x\n",
         "E spec.yaml:10:1 duplicate key 'variables', first at spec.yaml:6:1 | keep one of the "
         "two\n"},
    };
    check_faults(*state, s_cases, ARRAY_LEN(s_cases));
}

static void too_many_entries(void **state)
{
    struct arena *arena = *state;
    AUTO(buf_done) struct buf many = BUF_INIT(KIB(8));
    for (int i = 0; i < 20; i++)
        buf_fmt(&many, "train%d: {source: a}, ", i);
    buf_add_z(&many, "train: {source: data/train.csv, contentType: text/csv}}");
    buf_add_char(&many, '\0');
    struct str text = text_replace(
        arena, STR(SPEC_TEST_BASE),
        "\n      train: {source: data/train.csv, contentType: text/csv}\n"
        "      validation: {source: data/validation.csv, contentType: text/csv}",
        str_fmt(arena, " {%s", many.ptr).ptr);
    assert_str(
        load_text(arena, text).faults,
        "E spec.yaml:15:3 missing channel 'train' in 'spec.training.channels' | for example "
        "'channels: {train: {source: data/train.csv, contentType: text/csv}}'\n"
        "E spec.yaml:20:15 'channels' must have 0 to 20 entries, not 21 | 'mmectl help spec "
        "spec.training.channels' explains it\n");
}

static void nothing_is_declared(void **state)
{
    static const struct {
        const char *variables, *faults;
    } s_cases[] = {
        {"variables:", ""},
        {"variables: ~", ""},
        {"variables: \"\"",
         "E spec.yaml:6:12 'variables' must be a mapping of names to values, not the "
         "string '' | \n"},
        {"variables: x",
         "E spec.yaml:6:12 'variables' must be a mapping of names to values, not the "
         "string 'x' | \n"},
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct str text = text_replace(
            arena, STR(SPEC_TEST_BASE),
            "variables:\n  bucket: \"\"\n  type: ml.m5.large\n  unset:\n",
            str_fmt(arena, "%s\n", s_cases[i].variables).ptr);
        text = text_replace(arena, text, "bucket: \"${bucket}\", ", "");
        text = text_replace(arena, text, "\"${type}\"", "ml.m5.large");
        assert_str(load_text(arena, text).faults, s_cases[i].faults);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(faults_of_single_fields),
        WITH_ARENA(absent_keys_take_their_defaults),
        WITH_ARENA(string_fields_take_the_source_text),
        WITH_ARENA(durations),
        WITH_ARENA(a_document_that_is_no_mapping),
        WITH_ARENA(keys_out_of_place),
        WITH_ARENA(too_many_entries),
        WITH_ARENA(nothing_is_declared),
    };
    return cmocka_run_group_tests_name("specs/spec_read", tests, NULL, NULL);
}
