#include "tests/harness/test.h"

#include "specs/spec_instances.h"

static void known_types(void **state)
{
    (void) state;
    static const struct {
        const char *type;
        bool training, hosting;
    } s_cases[] = {
        {"ml.m5.large", true, true},
        {"ml.m5.8xlarge", false, false},
        {"ml.t3.medium", true, false},
        {"ml.t2.medium", false, true},
        {"ml.c5.large", false, true},
        {"ml.c5.xlarge", true, true},
        {"ml.r5.8xlarge", true, false},
        {"ml.c7g.16xlarge", false, true},
        {"ml.m7g.large", false, false},
        {"ml.r7gd.medium", false, true},
        {"ml.m8g.48xlarge", false, true},
        {"ml.g5.xlarge", true, true},
        {"ml.p4d.24xlarge", true, true},
        {"ml.inf1.xlarge", false, true},
        {"m5.large", false, false},
        {"ml.m5", false, false},
        {"ml.m5.larg", false, false},
        {"ml.m5.large.x", false, false},
        {"ml.z9.large", false, false},
        {"", false, false},
        {"ml", false, false},
        {"ml.m5.", false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct str type = str_from(s_cases[i].type);
        assert_int_equal(spec_instance_known(type, INSTANCE_TRAINING), s_cases[i].training);
        assert_int_equal(spec_instance_known(type, INSTANCE_HOSTING), s_cases[i].hosting);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_types)};
    return cmocka_run_group_tests_name("specs/spec_instances", tests, NULL, NULL);
}
