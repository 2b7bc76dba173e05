#include "tests/harness/test.h"

#include "tests/unit/specs/spec_test.h"

#define EXPLAINED(path) " | 'mmectl help spec " path "' explains it\n"

/* A tag is a promise about the text behind it. */
static void a_tag_and_its_text_agree(void **state)
{
    static const struct fault_case s_cases[] = {
        {"modelCache: enabled", "modelCache: !!null enabled",
         "E spec.yaml:34:17 'enabled' is not nothing, as its tag says | 'mmectl help spec "
         "spec.endpoint.modelCache' explains it\n"},
        {"modelCache: enabled", "modelCache: !!null ~", ""},
        {"count: 1}\n    container", "count: !!bool 1}\n    container",
         "E spec.yaml:32:42 '1' is not true or false, as its tag says | 'mmectl help spec "
         "spec.endpoint.instance.count' explains it\n"},
        {"count: 1}\n    container", "count: !!int 1}\n    container", ""},
        {"count: 1}\n    container", "count: !!int 1.5}\n    container",
         "E spec.yaml:32:42 '1.5' is not a whole number, as its tag says | 'mmectl help spec "
         "spec.endpoint.instance.count' explains it\n"},
        {"eta: 0.3", "eta: !!float x",
         "E spec.yaml:26:59 'x' is not a number, as its tag says | 'mmectl help spec "
         "spec.models.hyperparameters' explains it\n"},
        {"eta: 0.3", "eta: !!float 1", ""}, /* every whole number is one */
    };
    check_faults(*state, s_cases, ARRAY_LEN(s_cases));
}

#define TEN "abcdefghij"
#define SEVENTY TEN TEN TEN TEN TEN TEN TEN
#define E_ACUTE "\xC3\xA9"

/* What a message quotes is cut, and between characters. */
static void long_values_are_quoted_in_part(void **state)
{
    static const struct fault_case s_cases[] = {
        {"modelCache: enabled", "modelCache: " SEVENTY TEN,
         "E spec.yaml:34:17 'modelCache' must be 'enabled' or 'disabled', not the string '" SEVENTY
             TEN "'" EXPLAINED("spec.endpoint.modelCache")},
        {"modelCache: enabled", "modelCache: " SEVENTY TEN "x",
         "E spec.yaml:34:17 'modelCache' must be 'enabled' or 'disabled', not the string '" SEVENTY
             TEN "...'" EXPLAINED("spec.endpoint.modelCache")},
        {"modelCache: enabled", "modelCache: " SEVENTY "abcdefghi" E_ACUTE "x",
         "E spec.yaml:34:17 'modelCache' must be 'enabled' or 'disabled', not the string '" SEVENTY
         "abcdefghi...'" EXPLAINED("spec.endpoint.modelCache")},
    };
    check_faults(*state, s_cases, ARRAY_LEN(s_cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_tag_and_its_text_agree),
        WITH_ARENA(long_values_are_quoted_in_part),
    };
    return cmocka_run_group_tests_name("specs/spec_value", tests, NULL, NULL);
}
