#include "tests/harness/test.h"

#include "engine/resource/image.h"

static void uris(void **state)
{
    static const struct {
        const char *region, *uri;
    } cases[] = {
        {"us-east-1", "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"},
        {"eu-west-1", "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.7-1"},
        {"cn-north-1", "450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-xgboost:1.7-1"},
        {"us-gov-west-1",
         "414596584902.dkr.ecr.us-gov-west-1.amazonaws.com/sagemaker-xgboost:1.7-1"},
        {"us-iso-east-1", "833128469047.dkr.ecr.us-iso-east-1.c2s.ic.gov/sagemaker-xgboost:1.7-1"},
        {"us-isob-east-1",
         "281123927165.dkr.ecr.us-isob-east-1.sc2s.sgov.gov/sagemaker-xgboost:1.7-1"},
        {"mars-1", NULL},
        {"us-east-11", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str uri = image_uri(*state, str_from(cases[i].region), STR("1.7-1"));
        if (cases[i].uri == NULL)
            assert_true(str_is_null(uri));
        else
            assert_str(uri, cases[i].uri);
    }
}

static void versions(void **state)
{
    assert_true(image_version_known(STR("1.7-1")));
    assert_true(image_version_known(STR("3.0-5")));
    assert_false(image_version_known(STR("1.7")));
    assert_false(image_version_known(STR("")));
    struct str list = image_versions(*state), version;
    while (str_split(&list, ',', &version))
        assert_true(image_version_known(str_trim(version)));
    assert_str(image_version_of(STR("a/sagemaker-xgboost:1.7-1")), "1.7-1");
    assert_str(image_version_of(STR("a/sagemaker-xgboost:1.7-1-cpu-py3")), "1.7-1");
    assert_true(str_is_null(image_version_of(STR("a/xgboost:1.7-1"))));
    assert_true(str_is_null(image_version_of(STR_NULL)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_ARENA(uris), WITH_ARENA(versions)};
    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
