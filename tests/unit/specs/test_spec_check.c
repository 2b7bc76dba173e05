#include "tests/harness/test.h"

#include "tests/unit/specs/spec_test.h"

static void the_base_has_no_fault(void **state)
{
    struct loaded loaded = load_text(*state, STR(SPEC_TEST_BASE));
    assert_str(loaded.faults, "");
    assert_ok(loaded.code, &loaded.err);
}

/* Fields that do not fit together. */
static void faults_across_fields(void **state)
{
    static const struct fault_case s_cases[] = {
        {"arn:aws:iam::123456789012", "arn:aws:iam::999999999999",
         "E spec.yaml:13:9 role 'arn:aws:iam::999999999999:role/SageMaker' is of account "
         "999999999999, but spec.account at spec.yaml:11:12 is 123456789012 | SageMaker can only "
         "assume a role of its own account\n"},
        {"bucket: \"${bucket}\"", "bucket: a..b",
         "E spec.yaml:14:21 'a..b' is not valid as 'bucket' | two dots in a row are not allowed\n"},
        {"bucket: \"${bucket}\"", "bucket: 192.168.5.4",
         "E spec.yaml:14:21 '192.168.5.4' is not valid as 'bucket' | it must not look like an IP "
         "address\n"},
        {"bucket: \"${bucket}\"", "bucket: xn--abc",
         "E spec.yaml:14:21 'xn--abc' is not valid as 'bucket' | S3 reserves this beginning\n"},
        {"bucket: \"${bucket}\"", "bucket: abc-s3alias",
         "E spec.yaml:14:21 'abc-s3alias' is not valid as 'bucket' | S3 reserves this ending\n"},
        {"prefix: demo", "prefix: a/../b",
         "E spec.yaml:14:42 'a/../b' is not valid as 'prefix' | '.' and '..' are not folders in "
         "S3\n"},
        {"{team: risk}", "{\"aws:team\": risk}",
         "E spec.yaml:5:10 tag 'aws:team' is reserved for AWS | give it another name\n"},
        {"{team: risk}", "{\"mmectl:uid\": risk}",
         "E spec.yaml:5:10 tag 'mmectl:uid' is reserved for mmectl | give it another name\n"},
        {"contentType: text/csv}\n    hyper", "contentType: text/libsvm}\n    hyper",
         "E spec.yaml:22:62 'validation' is 'text/libsvm', but 'train' at spec.yaml:21:52 is "
         "'text/csv' | XGBoost reads all channels in one format\n"},
        {"contentType: text/csv}\n    hyper", "}\n    hyper",
         "E spec.yaml:22:7 'validation' is 'text/libsvm', but 'train' at spec.yaml:21:52 is "
         "'text/csv' | XGBoost reads all channels in one format\n"},
        {"backend: sagemaker", "backend: local\n    maxRuntime: 5m\n    image: x",
         "E spec.yaml:18:12 'image' and 'algorithm' exclude each other | keep one of the two\nE "
         "spec.yaml:18:12 backend 'local' cannot run an image | use 'algorithm', or backend "
         "sagemaker\nE spec.yaml:21:5 duplicate key 'maxRuntime', first at spec.yaml:17:5 | keep "
         "one of the two\n"},
        {"    backend: sagemaker\n    algorithm: {name: xgboost, version: \"1.7-1\"}",
         "    backend: local\n    image: x.dkr/y:1",
         "E spec.yaml:17:12 backend 'local' cannot run an image | use 'algorithm', or backend "
         "sagemaker\n"},
        {"    algorithm: {name", "    image: x.dkr/y:1\n    algorithm: {name",
         "E spec.yaml:17:12 'image' and 'algorithm' exclude each other | keep one of the two\n"},
        {"      train: {source: data/train.csv, contentType: text/csv}\n", "",
         "E spec.yaml:15:3 missing channel 'train' in 'spec.training.channels' | for example "
         "'channels: {train: {source: data/train.csv, contentType: text/csv}}'\n"},
        {"type: \"${type}\", ", "",
         "E spec.yaml:18:5 missing 'type' in 'spec.training.instance' | for example 'instance: "
         "{type: ml.m5.large}'\n"},
        {"    targetModels: stable", "    update: {canary: {percent: 60, bake: 1m}}",
         "E spec.yaml:31:32 'percent' must be 1 to 50, not 60 | 'mmectl help spec "
         "spec.endpoint.update.canary.percent' explains it\n"},
        {"    targetModels: stable", "    update: {canary: {percent: 10, bake: 61m}}",
         "E spec.yaml:31:42 'bake' must be 0 to 3600 seconds, not 3660 | 'mmectl help spec "
         "spec.endpoint.update.canary.bake' explains it\n"},
        {"    targetModels: stable", "    update: {rolling: {percent: 4, interval: 1m}}",
         "E spec.yaml:31:33 'percent' must be 5 to 50, not 4 | 'mmectl help spec "
         "spec.endpoint.update.rolling.percent' explains it\n"},
        {"    targetModels: stable", "    update: {rolling: {percent: 51, interval: 1m}}",
         "E spec.yaml:31:33 'percent' must be 5 to 50, not 51 | 'mmectl help spec "
         "spec.endpoint.update.rolling.percent' explains it\n"},
        {"    targetModels: stable", "    update: {linear: {percent: 9, interval: 1m}}",
         "E spec.yaml:31:32 'percent' must be 10 to 50, not 9 | 'mmectl help spec "
         "spec.endpoint.update.linear.percent' explains it\n"},
        {"    targetModels: stable",
         "    update: {canary: {percent: 10, bake: 1m}, linear: {percent: 20, interval: 1m}}",
         "E spec.yaml:31:47 'canary' and 'linear' exclude each other | an endpoint moves in one "
         "way; keep one of the two\n"},
        {"    targetModels: stable", "    update: {canary: {percent: 12.5, bake: 1m}}",
         "E spec.yaml:31:32 'percent' must be a whole number | leave out what is behind the "
         "point\n"},
        {"    targetModels: stable", "    update: {canary: {instances: 1.5, bake: 1m}}",
         "E spec.yaml:31:34 'instances' must be a whole number | leave out what is behind the "
         "point\n"},
        {"    targetModels: stable", "    update: {canary: {bake: 1m}}",
         "E spec.yaml:31:14 'canary' needs 'percent' or 'instances' | the size of a step is a "
         "share of the instances, or a number of them\n"},
        {"    targetModels: stable", "    update: {canary: {percent: 10, instances: 1, bake: 1m}}",
         "E spec.yaml:31:14 'canary' has both 'percent' and 'instances' | the size of a step is a "
         "share of the instances, or a number of them\n"},
        {"    targetModels: stable", "    update: {canary: {instances: 1, bake: 1m}}",
         "E spec.yaml:31:34 'canary' takes 1 of 1 instance | SageMaker takes at most half of them "
         "at once\n"},
        {"    targetModels: stable",
         "    update: {canary: {instances: 9, bake: 1m}}\n    autoscaling: {min: 1, max: 16, "
         "targetInvocationsPerInstance: 9}",
         "E spec.yaml:31:34 'canary' takes 9 of 16 instances | SageMaker takes at most half of "
         "them at once\n"},
        {"    targetModels: stable",
         "    update: {linear: {instances: 1, interval: 1m}}\n    autoscaling: {min: 1, max: 16, "
         "targetInvocationsPerInstance: 9}",
         "E spec.yaml:31:34 'linear' takes 1 of 16 instances, less than 10 % | take more at "
         "once\n"},
        {"    targetModels: stable", "    update: {strategy: rolling}",
         "E spec.yaml:31:24 'strategy: rolling' needs 'rolling' | for example 'rolling: {percent: "
         "20, interval: 5m}'\n"},
        {"    targetModels: stable",
         "    update: {strategy: blue-green, rolling: {percent: 20, interval: 1m}}",
         "E spec.yaml:31:24 'strategy: blue-green' excludes 'rolling' | 'rolling' is a strategy of "
         "its own, without a second fleet\n"},
        {"    targetModels: stable",
         "    update: {terminationWait: 1m, rolling: {percent: 20, interval: 1m}}",
         "E spec.yaml:31:35 'rolling' has no 'terminationWait' | no second fleet is kept that "
         "could be waited for\n"},
        {"    targetModels: stable",
         "    update: {maximumExecutionTimeout: 20m, canary: {percent: 20, bake: 11m}}",
         "E spec.yaml:31:5 'maximumExecutionTimeout' is 1200 s, and the update waits for 1320 s in "
         "all | SageMaker would give up and roll back: allow more, or wait less\n"},
        {"    targetModels: stable",
         "    update: {maximumExecutionTimeout: 20m, linear: {percent: 30, interval: 6m}}",
         "E spec.yaml:31:5 'maximumExecutionTimeout' is 1200 s, and the update waits for 1440 s in "
         "all | SageMaker would give up and roll back: allow more, or wait less\n"},
        {"    targetModels: stable",
         "    update: {maximumExecutionTimeout: 10m, terminationWait: 6m, allAtOnce: {bake: 5m}}",
         "E spec.yaml:31:5 'maximumExecutionTimeout' is 600 s, and the update waits for 660 s in "
         "all | SageMaker would give up and roll back: allow more, or wait less\n"},
        {"    targetModels: stable",
         "    update: {maximumExecutionTimeout: 10m, terminationWait: 11m}",
         "E spec.yaml:31:5 'maximumExecutionTimeout' is 600 s, and the update waits for 660 s in "
         "all | SageMaker would give up and roll back: allow more, or wait less\n"},
        {"    targetModels: stable",
         "    update: {allAtOnce: {bake: 1m}, rollbackAlarms: [a, b, a]}",
         "E spec.yaml:31:60 alarm 'a' is named twice | name it once\n"},
        {"    targetModels: stable", "    update: {rollbackAlarms: [a]}",
         "W spec.yaml:31:31 'rollbackAlarms' are not looked at: nothing is waited for while the "
         "endpoint moves | give the new instances time, for example 'allAtOnce: {bake: 5m}'\n"},
        {"    targetModels: stable", "    logs: {retentionDays: 10}",
         "E spec.yaml:31:27 CloudWatch cannot keep logs for 10 days | the next longer time that it "
         "knows is 14 days\n"},
        {"    targetModels: stable", "    logs: {retentionDays: 1.5}",
         "E spec.yaml:31:27 'retentionDays' must be a whole number | leave out what is behind the "
         "point\n"},
        {"    targetModels: stable", "    logs: {retentionDays: 4000}",
         "E spec.yaml:31:27 'retentionDays' must be 1 to 3653, not 4000 | 'mmectl help spec "
         "spec.endpoint.logs.retentionDays' explains it\n"},
        {"    targetModels: stable", "    logs: {retentionDays: 3653}", ""},
        {"    targetModels: stable", "    vpc: {subnets: [subnet-0a]}",
         "E spec.yaml:31:5 missing 'securityGroups' in 'spec.endpoint.vpc' | for example "
         "'securityGroups: [sg-0123456789abcdef0]'\n"},
        {"    instance: {type: ml.m5.large, count: 1}\n    container",
         "    instance: {type: ml.m5d.large, count: 1, volumeSizeInGB: 50}\n    container",
         "E spec.yaml:32:62 'volumeSizeInGB' is not for 'ml.m5d.large' | the type has a local disk "
         "of its own; take the line out\n"},
        {"    instance: {type: ml.m5.large, count: 1}\n    container",
         "    instance: {type: ml.g5.xlarge, count: 1, volumeSizeInGB: 50}\n    container",
         "E spec.yaml:32:62 'volumeSizeInGB' is not for 'ml.g5.xlarge' | the type has a local disk "
         "of its own; take the line out\n"},
        {"    instance: {type: ml.m5.large, count: 1}\n    container",
         "    instance: {type: ml.c6gd.large, count: 1, volumeSizeInGB: 50}\n    container",
         "E spec.yaml:32:63 'volumeSizeInGB' is not for 'ml.c6gd.large' | the type has a local "
         "disk of its own; take the line out\n"},
        {"    instance: {type: ml.m5.large, count: 1}\n    container",
         "    instance: {type: ml.g4dn.xlarge, count: 1, volumeSizeInGB: 50}\n    container",
         "E spec.yaml:32:64 'volumeSizeInGB' is not for 'ml.g4dn.xlarge' | the type has a local "
         "disk of its own; take the line out\n"},
        {"    instance: {type: ml.m5.large, count: 1}\n    container",
         "    instance: {type: ml.m5.large, count: 1, volumeSizeInGB: 50}\n    container", ""},
        {"    targetModels: stable",
         "    autoscaling: {min: 3, max: 2, targetInvocationsPerInstance: 10}",
         "E spec.yaml:31:5 'autoscaling' has 'min' 3 above 'max' 2 | the count moves between the "
         "two\n"},
        {"    instance: {type: ml.m5.large, count: 1}\n    container",
         "    autoscaling: {min: 1, max: 2, targetInvocationsPerInstance: 10}\n    instance: "
         "{type: ml.m5.large, count: 3}\n    container",
         "E spec.yaml:33:5 'instance' has 'count' 3, above the 'max' 2 of 'autoscaling' | start "
         "with at most as many, or raise 'max'\n"},
        {"maxRuntime: 1h", "maxRuntime: 1h\n    spot: {enabled: true, maxWait: 30m}",
         "E spec.yaml:20:5 'maxWait' is 1800 s, less than the 3600 s of 'maxRuntime' | a job may "
         "run for maxRuntime and has to wait for spot instances besides\n"},
        {"maxRuntime: 1h", "maxRuntime: 1h\n    keepAlive: 10m\n    spot: {enabled: true}",
         "E spec.yaml:21:5 'spot' and 'keepAlive' exclude each other | AWS keeps no warm pools of "
         "spot instances; keep one of the two\n"},
        {"\"${type}\"", "ml.m5.8xlarge",
         "W spec.yaml:18:22 'ml.m5.8xlarge' is not known as an instance type for training | it may "
         "be new; SageMaker has the last word\n"},
        {"\"${type}\"", "ml.c5d.large",
         "W spec.yaml:18:22 'ml.c5d.large' is not known as an instance type for training | "
         "SageMaker offers it for endpoints only\n"},
        {"type: ml.m5.large, count: 1}\n    cont", "type: ml.t3.large, count: 1}\n    cont",
         "W spec.yaml:32:22 'ml.t3.large' is not known as an instance type for endpoints | "
         "SageMaker offers it for training only\n"},
        {"- name: two", "- name: one",
         "E spec.yaml:27:13 model 'one' is defined twice, first at spec.yaml:25:13 | give one of "
         "the two another name\n"},
        {"  models:", "  models: []\n  mdels:",
         "E spec.yaml:25:3 unknown key 'mdels' in 'spec' | did you mean 'models'?\n"},
        {"      artifact: s3://bucket/model.tar.gz",
         "      artifact: s3://bucket/model.tar.gz\n      hyperparameters: {eta: 1}",
         "E spec.yaml:29:25 model 'two' has both 'artifact' and 'hyperparameters' | a model that "
         "is brought along is not trained; keep one of the two\n"},
        {"      hyperparameters: {num_round: 25, max_depth: 2, eta: 0.3}",
         "      hyperparameters: {num_round: 25}\n      sha256: "
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "E spec.yaml:27:15 'sha256' needs an 'artifact' | take it out: a model that is trained "
         "here has no artifact of yours\n"},
        {"      hyperparameters: {num_round: 25, max_depth: 2, eta: 0.3}",
         "      hyperparameters: {num_round: 25}\n      allowPickle: true",
         "E spec.yaml:25:7 'allowPickle' needs an 'artifact' | take it out: a model that is "
         "trained here has no artifact of yours\n"},
        {"num_round: 25, ", "",
         "E spec.yaml:25:7 model 'one': Missing required hyperparameter: num_round | set it here, "
         "or for every model in spec.training.hyperparameters\n"},
        {"eta: 0.3", "eta: 1.5",
         "E spec.yaml:26:59 Hyperparameter eta: 1.5 is not in [0, 1] | AWS's XGBoost container "
         "would fail the training job with this\n"},
        {"eta: 0.3", "etaa: 0.3",
         "E spec.yaml:26:54 Extraneous hyperparameter found: etaa | did you mean 'eta'?\n"},
        {"eta: 0.3", "silent: 1",
         "E spec.yaml:26:54 Extraneous hyperparameter found: silent | AWS's XGBoost container "
         "would fail the training job with this\n"},
        {"eta: 0.3", "eta: fast",
         "E spec.yaml:26:59 Hyperparameter eta: could not parse value (caused by ValueError) | "
         "AWS's XGBoost container would fail the training job with this\n"},
        {"eta: 0.3", "eta: 0.3, learning_rate: 0.1",
         "E spec.yaml:26:64 'eta' and 'learning_rate' are the same hyperparameter | keep one of "
         "the two\n"},
        {"max_depth: 2", "max_depth: 6.0",
         "E spec.yaml:26:51 Hyperparameter max_depth: could not parse value (caused by ValueError) "
         "| AWS's XGBoost container would fail the training job with this\n"},
        {"max_depth: 2", "objective: \"multi:softmax\", eval_metric: merror",
         "E spec.yaml:26:51 Require input for parameter 'num_class' for multi-classification | "
         "AWS's XGBoost container would fail the training job with this\n"},
        {"max_depth: 2", "objective: \"reg:squarederror\"",
         "E spec.yaml:23:66 Metric 'auc' can only be applied for classification and ranking "
         "problems. | AWS's XGBoost container would fail the training job with this\n"},
        {"eval_metric: auc", "eval_metric: \"auc, error\"",
         "E spec.yaml:23:66 Hyperparameter eval_metric: value ['auc', ' error'] not in range "
         "['accuracy', 'auc', 'aucpr', 'balanced_accuracy', 'f1', 'f1_binary', 'f1_macro', 'map', "
         "'ndcg', 'precision', 'r2', 'recall', 'precision_macro', 'precision_micro', "
         "'recall_macro', 'recall_micro', 'aft-nloglik', 'cox-nloglik', 'error', 'gamma-deviance', "
         "'gamma-nloglik', 'interval-regression-accuracy', 'logloss', 'mae', 'mape', 'merror', "
         "'mlogloss', 'mphe', 'mse', 'poisson-nloglik', 'rmse', 'rmsle', 'tweedie-nloglik'] | "
         "AWS's XGBoost container would fail the training job with this\n"},
        {"max_depth: 2", "booster: tree",
         "E spec.yaml:26:49 Hyperparameter booster: tree is not in ['gbtree', 'gblinear', 'dart'] "
         "| AWS's XGBoost container would fail the training job with this\n"},
        {"      validation: {source: data/validation.csv, contentType: text/csv}\n    "
         "hyperparameters: {",
         "    hyperparameters: {early_stopping_rounds: 5, ",
         "W spec.yaml:22:23 'early_stopping_rounds' is ignored without a 'validation' channel | "
         "\n"},
        {", eval_metric: auc", ", early_stopping_rounds: 5",
         "W spec.yaml:23:53 'early_stopping_rounds' is ignored without 'eval_metric' | \n"},
    };
    check_faults(*state, s_cases, ARRAY_LEN(s_cases));
}

static void spot_waits_twice_the_runtime(void **state)
{
    static const struct {
        const char *block;
        int64_t max_wait_s;
        bool enabled;
    } s_cases[] = {
        {"maxRuntime: 1h", 7200, false},
        {"maxRuntime: 1h\n    keepAlive: 0s\n    spot: {enabled: true}", 7200, true},
        {"maxRuntime: 1h\n    spot: {enabled: true, maxWait: 1h}", 3600, true},
        {"maxRuntime: 672h\n    spot: {enabled: true}", 2419200, true},
        /* What is off does not have to fit. */
        {"maxRuntime: 1h\n    keepAlive: 1h\n    spot: {enabled: false, maxWait: 5s}", 5, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct loaded loaded = load_text(
            *state, text_replace(*state, STR(SPEC_TEST_BASE), "maxRuntime: 1h", s_cases[i].block));
        assert_str(loaded.faults, "");
        const struct spec_training *training = &loaded.specs.items[0]->training;
        assert_int_equal(training->spot.max_wait_s, s_cases[i].max_wait_s);
        assert_int_equal(training->spot.enabled, s_cases[i].enabled);
    }
}

static void a_large_environment(void **state)
{
    struct arena *arena = *state;
    struct str pairs = STR("A: b");
    char value[1021];
    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    for (int i = 0; i < 33; i++)
        pairs = str_fmt(arena, STR_FMT ", V%d: %s", STR_ARG(pairs), i, value);
    struct loaded loaded = load_text(
        arena, text_replace(arena, STR(SPEC_TEST_BASE), "WORKERS: \"1\"", str_z(arena, pairs)));
    assert_str(
        loaded.faults, "E spec.yaml:33:31 'environment' has 33751 bytes, SageMaker takes 32768 | "
                       "keep large values in a file or a parameter store\n");
}

/* A fault in the defaults is told once, not once for each model. */
static void shared_hyperparameters_are_reported_once(void **state)
{
    struct arena *arena = *state;
    struct str text = text_replace(
        arena, STR(SPEC_TEST_BASE), "    - name: two\n      artifact: s3://bucket/model.tar.gz",
        "    - {name: two, hyperparameters: {num_round: 1}}\n"
        "    - {name: three, hyperparameters: {num_round: 1}}");
    text = text_replace(arena, text, "eval_metric: auc", "eval_metric: auc, gamma: -1");
    assert_str(
        load_text(arena, text).faults,
        "E spec.yaml:23:78 Hyperparameter gamma: -1.0 is not in [0, +inf) | AWS's XGBoost "
        "container would fail the training job with this\n");
}

static void hyperparameters_merge_by_canonical_name(void **state)
{
    struct arena *arena = *state;
    struct str text = text_replace(
        arena, STR(SPEC_TEST_BASE), "eval_metric: auc",
        "eval_metric: auc, learning_rate: 0.9, seed: 7");
    struct loaded loaded = load_text(arena, text);
    assert_str(loaded.faults, "");
    const struct spec_map *map = &loaded.specs.items[0]->models[0].hyperparameters;
    static const char *const s_expected[][2] = {
        {"eta", "0.3"},      {"eval_metric", "auc"},           {"max_depth", "2"},
        {"num_round", "25"}, {"objective", "binary:logistic"}, {"seed", "7"},
    };
    assert_int_equal(map->len, ARRAY_LEN(s_expected));
    for (size_t i = 0; i < map->len; i++) {
        assert_str(map->items[i].name, s_expected[i][0]);
        assert_str(map->items[i].value, s_expected[i][1]);
    }
    assert_int_equal(loaded.specs.items[0]->models[1].hyperparameters.len, 0);
}

static void hyperparameters_of_an_own_image_are_not_known(void **state)
{
    struct arena *arena = *state;
    struct str text = text_replace(
        arena, STR(SPEC_TEST_BASE), "algorithm: {name: xgboost, version: \"1.7-1\"}",
        "image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1");
    text = text_replace(
        arena, text, "num_round: 25, max_depth: 2", "eta: 9, learning_rate: x, leaves");
    text = text_replace(arena, text, ", leaves, eta: 0.3", ", leaves: 3");
    struct loaded loaded = load_text(arena, text);
    assert_str(loaded.faults, "");
    assert_int_equal(loaded.specs.items[0]->models[0].hyperparameters.len, 5);
}

static void a_model_needs_training_or_an_artifact(void **state)
{
    assert_str(
        load_text(
            *state, STR("apiVersion: mmectl/v1\n"
                        "kind: MultiModelEndpoint\n"
                        "metadata: {name: demo}\n"
                        "spec:\n"
                        "  region: us-east-1\n"
                        "  role: arn:aws:iam::123456789012:role/SageMaker\n"
                        "  models: [{name: a}, {name: b, artifact: m.tar.gz}]\n"
                        "  endpoint: {instance: {type: ml.m5.large}}\n"))
            .faults,
        "E spec.yaml:7:12 model 'a' has neither 'artifact' nor a 'training' block | give the model "
        "an 'artifact', or the spec a 'training' block with a 'train' channel\n");
}

/* Nothing but a set is trained, and it has nothing to be trained on. */
static void a_set_needs_training_data(void **state)
{
    struct arena *arena = *state;
    struct str text = text_replace(
        arena, STR(SPEC_TEST_BASE),
        "    - name: one\n      hyperparameters: {num_round: 25, max_depth: 2, eta: 0.3}\n", "");
    text = text_replace(
        arena, text, "      train: {source: data/train.csv, contentType: text/csv}\n", "");
    text = text_replace(
        arena, text, "  endpoint:\n",
        "  modelSets:\n    - {name: \"m-{depth}\", matrix: {depth: [4]}, channels: {train: "
        "{source: "
        "a.csv, contentType: text/csv}}, hyperparameters: {num_round: 3}}\n  endpoint:\n");
    assert_str(load_text(arena, text).faults, "");
    text = text_replace(
        arena, text,
        "matrix: {depth: [4]}, channels: {train: {source: a.csv, contentType: text/csv}}",
        "partition: {column: 0, channel: validation}");
    text = text_replace(arena, text, "m-{depth}", "m-{key}");
    assert_str(
        load_text(arena, text).faults,
        "E spec.yaml:15:3 missing channel 'train' in 'spec.training.channels' | for example "
        "'channels: {train: {source: data/train.csv, contentType: text/csv}}'\n");
}

/* One fault is one message: what follows from it is not told. */
static void sets_that_cannot_be_read(void **state)
{
    static const struct fault_case s_cases[] = {
        {"  endpoint:\n",
         "  modelSets:\n    - {name: \"m-{depth}\", matrix: {depth: 4}, hyperparameters: "
         "{num_round: 3}}\n  endpoint:\n",
         "E spec.yaml:30:43 'depth' must be a list of values, not the number '4' | "
         "'mmectl help spec spec.modelSets.matrix' explains it\n"},
        {"  endpoint:\n",
         "  modelSets:\n    - {name: \"m..{\", partition: {column: 0}, hyperparameters: "
         "{num_round: 3}}\n  endpoint:\n",
         "E spec.yaml:30:14 'm..{' is not valid as 'name' | 'name' takes a model's name with {key} "
         "in it, or the names of the matrix\n"},
    };
    check_faults(*state, s_cases, ARRAY_LEN(s_cases));
}

/* Limits of the service, and what local training cannot read. */
static void what_training_takes(void **state)
{
    struct arena *arena = *state;
    struct str text =
        text_replace(arena, STR(SPEC_TEST_BASE), "backend: sagemaker", "backend: local");
    text = text_replace(
        arena, text, "contentType: text/csv}\n      v",
        "contentType: application/x-parquet}\n      v");
    struct loaded loaded = load_text(
        arena, text_replace(
                   arena, text, "contentType: text/csv}\n    h",
                   "contentType: application/x-parquet}\n    h"));
    assert_str(
        loaded.faults,
        "E spec.yaml:21:52 backend 'local' does not read 'application/x-parquet' | use text/csv or "
        "text/libsvm, or backend sagemaker\n"
        "E spec.yaml:22:62 backend 'local' does not read 'application/x-parquet' | use text/csv or "
        "text/libsvm, or backend sagemaker\n");

    AUTO(buf_done) struct buf many = BUF_INIT(KIB(8));
    for (int i = 0; i < 99; i++)
        buf_fmt(&many, "x%d: 1, ", i);
    buf_add_char(&many, '\0');
    text = text_replace(
        arena, STR(SPEC_TEST_BASE), "algorithm: {name: xgboost, version: \"1.7-1\"}",
        "image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1");
    text = text_replace(arena, text, "num_round: 25, max_depth: 2, eta: 0.3", many.ptr);
    loaded = load_text(arena, text);
    assert_str(
        loaded.faults,
        "E spec.yaml:25:7 model 'one' has 101 hyperparameters, SageMaker takes 100 | those of "
        "spec.training.hyperparameters count as well\n");
}

/* What lies in the stack's own prefix goes with the stack. */
static void records_in_the_stack(void **state)
{
    static const struct {
        const char *destination;
        bool inside;
    } s_cases[] = {
        {"s3://my-models/demo", true},      {"s3://my-models/demo/records", true},
        {"s3://my-models/demo-two", false}, {"s3://my-models", false},
        {"s3://my-models-two/demo", false}, {"s3://other/demo", false},
        {"s3://my-models/records", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct str text =
            text_replace(*state, STR(SPEC_TEST_BASE), "bucket: \"${bucket}\"", "bucket: my-models");
        struct str block = str_fmt(
            *state, "    dataCapture: {percent: 1, destination: \"%s\"}", s_cases[i].destination);
        struct loaded loaded = load_text(
            *state, text_replace(*state, text, "    targetModels: stable", str_z(*state, block)));
        if (s_cases[i].inside)
            assert_str(
                loaded.faults,
                "E spec.yaml:31:44 'destination' lies in the stack's own prefix 'demo' | record to "
                "another prefix or bucket: this one holds what the stack is made of\n");
        else
            assert_str(loaded.faults, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(the_base_has_no_fault),
        WITH_ARENA(faults_across_fields),
        WITH_ARENA(records_in_the_stack),
        WITH_ARENA(spot_waits_twice_the_runtime),
        WITH_ARENA(a_large_environment),
        WITH_ARENA(shared_hyperparameters_are_reported_once),
        WITH_ARENA(hyperparameters_merge_by_canonical_name),
        WITH_ARENA(hyperparameters_of_an_own_image_are_not_known),
        WITH_ARENA(a_model_needs_training_or_an_artifact),
        WITH_ARENA(a_set_needs_training_data),
        WITH_ARENA(sets_that_cannot_be_read),
        WITH_ARENA(what_training_takes),
    };
    return cmocka_run_group_tests_name("specs/spec_check", tests, NULL, NULL);
}
