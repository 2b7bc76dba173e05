#include "tests/unit/engine/local/sm_fixture.h"

#include "engine/local/logs.h"

static void write_lines(struct world *world, const char *stream, int from, int to)
{
    struct err err = {0};

    assert_ok(world_enter(world->local, &err), &err);
    for (int i = from; i < to; i++)
        logs_put(
            world->local, STR(REGION), STR("/g"), str_from(stream), world->now_ms + i,
            str_fmt(world->arena, "line %d of %s", i, stream));
    assert_ok(world_leave(world->local, &err), &err);
}

static void test_get_events(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    struct str token;
    struct reply reply;
    char body[256];

    write_lines(world, "s", 0, 10);
    world_pass(world, 100);
    reply = logs(
        world, "GetLogEvents",
        "{'logGroupName':'/g','logStreamName':'s','startFromHead':true,'limit':6}");
    assert_int_equal(at(reply, "events")->len, 6);
    assert_text(reply, "events.0.message", "line 0 of s");
    for (int i = 0; i < 2; i++) {
        snprintf(
            body, sizeof(body),
            "{'logGroupName':'/g','logStreamName':'s','nextToken':'" STR_FMT "','limit':6}",
            STR_ARG(json_str(at(reply, "nextForwardToken"))));
        token = json_str(at(reply, "nextForwardToken"));
        reply = logs(world, "GetLogEvents", body);
        assert_int_equal(at(reply, "events")->len, i == 0 ? 4 : 0);
    }
    /* The end: no events, and the token repeats. */
    assert_str_len(json_str(at(reply, "nextForwardToken")), token);
    write_lines(world, "s", 10, 11);
    world_pass(world, 100);
    assert_text(logs(world, "GetLogEvents", body), "events.0.message", "line 10 of s");
    reply = logs(world, "GetLogEvents", "{'logGroupName':'/g','logStreamName':'s','limit':2}");
    assert_text(reply, "events.0.message", "line 9 of s");
    snprintf(
        body, sizeof(body),
        "{'logGroupName':'/g','logStreamName':'s','nextToken':'" STR_FMT "','limit':2}",
        STR_ARG(json_str(at(reply, "nextBackwardToken"))));
    assert_text(logs(world, "GetLogEvents", body), "events.0.message", "line 7 of s");
    assert_refused(
        logs(world, "GetLogEvents", "{'logGroupName':'/g','logStreamName':'s','nextToken':'x'}"),
        "InvalidParameterException", "nextToken");
    assert_refused(
        logs(world, "GetLogEvents", "{'logGroupName':'/g','logStreamName':'t'}"),
        "ResourceNotFoundException", "log stream does not exist");
    assert_refused(
        logs(world, "GetLogEvents", "{'logGroupName':'/h','logStreamName':'s'}"),
        "ResourceNotFoundException", "log group does not exist");
}

static void test_streams(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    struct reply reply;

    write_lines(world, "job/b", 5, 6);
    write_lines(world, "job/a", 0, 9);
    write_lines(world, "other/c", 1, 2);
    reply = logs(world, "DescribeLogStreams", "{'logGroupName':'/g','limit':2}");
    assert_text(reply, "logStreams.1.logStreamName", "job/b");
    char page[256];
    snprintf(
        page, sizeof(page), "{'logGroupName':'/g','limit':2,'nextToken':'" STR_FMT "'}",
        STR_ARG(json_str(at(reply, "nextToken"))));
    struct reply next = logs(world, "DescribeLogStreams", page);
    snprintf(
        page, sizeof(page), "{'logGroupName':'/g','descending':true,'nextToken':'" STR_FMT "'}",
        STR_ARG(json_str(at(reply, "nextToken"))));
    assert_refused(
        logs(world, "DescribeLogStreams", page), "InvalidParameterException",
        "The specified nextToken is invalid");
    reply = next;
    assert_text(reply, "logStreams.0.logStreamName", "other/c");
    assert_null(at(reply, "nextToken"));
    reply = logs(
        world, "DescribeLogStreams",
        "{'logGroupName':'/g','orderBy':'LastEventTime','descending':true}");
    assert_text(reply, "logStreams.0.logStreamName", "job/a");
    assert_text(reply, "logStreams.2.logStreamName", "other/c");
    reply = logs(world, "DescribeLogStreams", "{'logGroupName':'/g','logStreamNamePrefix':'job/'}");
    assert_int_equal(at(reply, "logStreams")->len, 2);
    assert_done(logs(world, "DeleteLogStream", "{'logGroupName':'/g','logStreamName':'job/a'}"));
    reply = logs(world, "DescribeLogStreams", "{'logGroupName':'/g'}");
    assert_int_equal(at(reply, "logStreams")->len, 2);
    assert_refused(
        logs(world, "DescribeLogStreams", "{'logGroupName':'/g','limit':51}"),
        "InvalidParameterException", "less than or equal to 50");
}

static void test_groups(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    struct reply reply;

    assert_done(logs(world, "CreateLogGroup", "{'logGroupName':'/b'}"));
    assert_refused(
        logs(world, "CreateLogGroup", "{'logGroupName':'/b'}"), "ResourceAlreadyExistsException",
        "");
    assert_done(logs(world, "CreateLogGroup", "{'logGroupName':'/a'}"));
    assert_done(logs(world, "PutRetentionPolicy", "{'logGroupName':'/b','retentionInDays':7}"));
    assert_refused(
        logs(world, "PutRetentionPolicy", "{'logGroupName':'/b','retentionInDays':8}"),
        "InvalidParameterException", "");
    reply = logs(world, "DescribeLogGroups", "{'limit':1}");
    assert_text(reply, "logGroups.0.logGroupName", "/a");
    char page[256];
    snprintf(
        page, sizeof(page), "{'limit':1,'nextToken':'" STR_FMT "'}",
        STR_ARG(json_str(at(reply, "nextToken"))));
    reply = logs(world, "DescribeLogGroups", page);
    assert_int_equal(at(reply, "logGroups.0.retentionInDays")->integer, 7);
    assert_text(reply, "logGroups.0.arn", "arn:aws:logs:eu-west-1:123456789012:log-group:/b:*");
    assert_null(at(reply, "nextToken"));
    assert_done(logs(world, "DeleteLogGroup", "{'logGroupName':'/a'}"));
    assert_refused(
        logs(world, "DeleteLogGroup", "{'logGroupName':'/a'}"), "ResourceNotFoundException",
        "The specified log group does not exist.");
    assert_refused(logs(world, "DeleteLogGroup", "{}"), "InvalidParameterException", "null");
}

static void test_filter(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    static const struct {
        const char *filter;
        size_t count;
    } cases[] = {
        {"", 20},
        {",'filterPattern':'line'", 20},
        {",'filterPattern':'7 -b'", 1},
        {",'logStreamNames':['b']", 10},
        {",'logStreamNamePrefix':'a','filterPattern':'-0'", 9},
        {",'limit':3", 3},
    };
    char body[256];

    write_lines(world, "a", 0, 10);
    write_lines(world, "b", 0, 10);
    world_pass(world, 100);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        snprintf(body, sizeof(body), "{'logGroupName':'/g'%s}", cases[i].filter);
        struct reply reply = logs(world, "FilterLogEvents", body);
        if (at(reply, "events") == NULL || at(reply, "events")->len != cases[i].count)
            fail_msg("%s: " STR_FMT, body, STR_ARG(reply.body));
    }
    struct reply reply = logs(world, "FilterLogEvents", "{'logGroupName':'/g','limit':15}");
    snprintf(
        body, sizeof(body), "{'logGroupName':'/g','limit':15,'nextToken':'" STR_FMT "'}",
        STR_ARG(json_str(at(reply, "nextToken"))));
    reply = logs(world, "FilterLogEvents", body);
    assert_int_equal(at(reply, "events")->len, 5);
    assert_null(at(reply, "nextToken"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get_events), cmocka_unit_test(test_streams),
        cmocka_unit_test(test_groups), cmocka_unit_test(test_filter)};
    return cmocka_run_group_tests_name("logs", tests, NULL, NULL);
}
