#include "tests/harness/test.h"

#include "engine/base/log.h"

static char s_last[300];
static unsigned s_count;

static void sink(enum log_level level, const char *subsystem, const char *message)
{
    snprintf(s_last, sizeof(s_last), "%d %s %s", (int) level, subsystem, message);
    s_count++;
}

static void rules(void **state)
{
    (void) state;
    static const struct {
        const char *config;
        bool aws_debug, aws_info, plan_debug;
    } s_cases[] = {
        {"", false, false, false},
        {"debug", true, true, true},
        {"info", false, true, false},
        {"aws=debug", true, true, false},
        {"aws=info", false, true, false},
        {"plan=debug,aws=info", false, true, true},
        {"loud,aws=shout", false, false, false},
        {"a-very-long-subsystem-name=debug", false, false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        log_setup(str_from(s_cases[i].config), sink);
        assert_int_equal(log_enabled(LOG_LEVEL_DEBUG, "aws"), s_cases[i].aws_debug);
        assert_int_equal(log_enabled(LOG_LEVEL_INFO, "aws"), s_cases[i].aws_info);
        assert_int_equal(log_enabled(LOG_LEVEL_DEBUG, "plan"), s_cases[i].plan_debug);
    }
}

static void lines_reach_the_sink(void **state)
{
    (void) state;
    log_setup(STR("aws=debug"), sink);
    s_count = 0;
    log_debug("aws", "GET %s %d", "/bucket", 200);
    log_debug("plan", "unseen");
    assert_int_equal(s_count, 1);
    assert_string_equal(s_last, "3 aws GET /bucket 200");
    log_setup(STR("debug"), NULL);
    log_debug("aws", "unseen");
    assert_int_equal(s_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules), cmocka_unit_test(lines_reach_the_sink)};
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
