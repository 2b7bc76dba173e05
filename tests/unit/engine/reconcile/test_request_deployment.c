#include "tests/unit/engine/reconcile/sample.h"

#include "engine/reconcile/request.h"

static const struct want_alarm s_alarms[] = {{STR_INIT("a"), {0}}, {STR_INIT("b"), {0}}};

static void every_way(void **state)
{
    static const struct {
        struct want_update update;
        const char *body, *words;
    } cases[] = {
        {{.move = MOVE_AS_USUAL},
         "{\"BlueGreenUpdatePolicy\":{\"TrafficRoutingConfiguration\":{\"Type\":\"ALL_AT_ONCE\","
         "\"WaitIntervalInSeconds\":0},\"TerminationWaitInSeconds\":0}}",
         NULL},
        {{.move = MOVE_ALL_AT_ONCE, .wait_s = 90, .termination_wait_s = 60},
         "{\"BlueGreenUpdatePolicy\":{\"TrafficRoutingConfiguration\":{\"Type\":\"ALL_AT_ONCE\","
         "\"WaitIntervalInSeconds\":90},\"TerminationWaitInSeconds\":60}}",
         "all at once, watched for 90s"},
        {{.move = MOVE_CANARY, .percent = 10, .wait_s = 3600, .max_execution_s = 7200},
         "{\"BlueGreenUpdatePolicy\":{\"TrafficRoutingConfiguration\":{\"Type\":\"CANARY\","
         "\"WaitIntervalInSeconds\":3600,\"CanarySize\":{\"Type\":\"CAPACITY_PERCENT\",\"Value\":"
         "10}},\"TerminationWaitInSeconds\":0,\"MaximumExecutionTimeoutInSeconds\":7200}}",
         "a canary of 10 % first, the rest 1h later"},
        {{.move = MOVE_LINEAR,
          .instances = 1,
          .wait_s = 60,
          .alarms = s_alarms,
          .n_alarms = ARRAY_LEN(s_alarms)},
         "{\"BlueGreenUpdatePolicy\":{\"TrafficRoutingConfiguration\":{\"Type\":\"LINEAR\","
         "\"WaitIntervalInSeconds\":60,\"LinearStepSize\":{\"Type\":\"INSTANCE_COUNT\",\"Value\":1}"
         "},\"TerminationWaitInSeconds\":0},\"AutoRollbackConfiguration\":{\"Alarms\":[{"
         "\"AlarmName\":\"a\"},{\"AlarmName\":\"b\"}]}}",
         "in steps of 1 instance, 1m apart"},
        {{.move = MOVE_ROLLING, .percent = 20, .wait_s = 0, .rollback_percent = 50},
         "{\"RollingUpdatePolicy\":{\"MaximumBatchSize\":{\"Type\":\"CAPACITY_PERCENT\",\"Value\":"
         "20},\"WaitIntervalInSeconds\":0,\"RollbackMaximumBatchSize\":{\"Type\":"
         "\"CAPACITY_PERCENT\",\"Value\":50}}}",
         "in batches of 20 %, 0s apart"},
        {{.move = MOVE_ROLLING, .instances = 2, .wait_s = 5},
         "{\"RollingUpdatePolicy\":{\"MaximumBatchSize\":{\"Type\":\"INSTANCE_COUNT\",\"Value\":2},"
         "\"WaitIntervalInSeconds\":5}}",
         "in batches of 2 instances, 5s apart"},
    };
    struct want *want = sample_want(*state);
    assert_null(request_deployment(*state, want));
    assert_true(str_is_null(deployment_words(*state, want)));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        want->update = &cases[i].update;
        assert_str(
            json_text(*state, request_deployment(*state, want), JSON_COMPACT), cases[i].body);
        struct str words = deployment_words(*state, want);
        assert_int_equal(str_is_null(words), cases[i].words == NULL);
        if (cases[i].words != NULL)
            assert_str(words, cases[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_ARENA(every_way)};
    return cmocka_run_group_tests_name("request_deployment", tests, NULL, NULL);
}
