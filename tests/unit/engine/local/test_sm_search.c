/* Search, and the tokens of its pages. */
#include "tests/unit/engine/local/sm_fixture.h"

static struct world *open_with_models(void)
{
    static const char *const names[] = {"alpha", "beta", "gamma"};
    struct world *world = world_open();
    char body[1024];

    make_bucket(world, "data-b");
    put(world, "/data-b/models/a.tar.gz", STR("x"));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(
            body, sizeof(body),
            "{'ModelName':'%s','ExecutionRoleArn':'" ROLE "','PrimaryContainer':{'Image':'" IMAGE
            "','Mode':'MultiModel','ModelDataUrl':'s3://data-b/models/','Environment':{'RANK':'%zu'"
            "}},'Tags':[{'Key':'even','Value':'%s'}]}",
            names[i], i, i % 2 == 0 ? "yes" : "no");
        assert_done(sm(world, "CreateModel", body));
    }
    return world;
}

#define FILTER(name, operator, value) \
    "{'Name':'" name "','Operator':'" operator"','Value':'" value "'}"

static void finds(void **state)
{
    static const struct {
        const char *expression;
        size_t count;
    } rows[] = {
        {"{}", 3},
        {"{'Filters':[" FILTER("Model.ModelName", "Equals", "beta") "]}", 1},
        {"{'Filters':[{'Name':'Model.ModelName','Value':'beta'}]}", 1},
        {"{'Filters':[" FILTER("Model.ModelName", "NotEquals", "beta") "]}", 2},
        {"{'Filters':[" FILTER("Model.ModelName", "Contains", "a") "]}", 3},
        {"{'Filters':[" FILTER("Model.ModelName", "In", "alpha, gamma,delta") "]}", 2},
        {"{'Filters':[" FILTER("Model.PrimaryContainer.Environment.RANK", "GreaterThan", "0") "]}",
         2},
        {"{'Filters':[" FILTER(
             "Model.PrimaryContainer.Environment.RANK", "GreaterThanOrEqualTo", "1") "]}",
         2},
        {"{'Filters':[" FILTER("Model.PrimaryContainer.Environment.RANK", "LessThan", "1.5") "]}",
         2},
        {"{'Filters':[" FILTER(
             "Model.CreationTime", "LessThanOrEqualTo", "2000-01-01T00:00:00Z") "]}",
         0},
        {"{'Filters':[" FILTER("Model.Tags.even", "Equals", "yes") "]}", 2},
        {"{'Filters':[{'Name':'Model.Nothing','Operator':'Exists'}]}", 0},
        {"{'Filters':[{'Name':'Model.Nothing','Operator':'NotExists'}]}", 3},
        {"{'Filters':[{'Name':'Model.ModelName'}]}", 3},
        {"{'Operator':'Or','Filters':[" FILTER("Model.ModelName", "Equals", "beta") "," FILTER(
             "Model.ModelName", "Equals", "gamma") "]}",
         2},
        {"{'SubExpressions':[{'Filters':[" FILTER(
             "Model.ModelName", "Equals",
             "beta") "]},{"
                     "'Filters':[" FILTER("Model.Tags.even", "Equals", "yes") "]}]}",
         0},
        {"{'NestedFilters':[{'NestedPropertyName':'Model.PrimaryContainer','Filters':"
         "[" FILTER("Model.PrimaryContainer.Mode", "Equals", "MultiModel") "," FILTER(
             "Model.PrimaryContainer.Environment.RANK", "Equals", "2") "]}]}",
         1},
    };
    AUTO(world_close) struct world *world = open_with_models();
    char body[1024];

    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        snprintf(
            body, sizeof(body), "{'Resource':'Model','SearchExpression':%s}", rows[i].expression);
        struct reply reply = sm(world, "Search", body);
        if (reply.status != 200 || at(reply, "Results")->len != rows[i].count)
            fail_msg("%s: " STR_FMT, rows[i].expression, STR_ARG(reply.body));
    }
}

static void pages(void **state)
{
    AUTO(world_close) struct world *world = open_with_models();
    char body[512];
    struct reply reply = sm(
        world, "Search",
        "{'Resource':'Model','MaxResults':2,'SortBy':'Model.ModelName','SortOrder':'Descending'}");

    (void) state;
    assert_text(reply, "Results.0.Model.Model.ModelName", "gamma");
    assert_text(reply, "Results.1.Model.Model.ModelName", "beta");
    struct str token = json_str(at(reply, "NextToken"));
    snprintf(
        body, sizeof(body),
        "{'SortOrder':'Descending','SortBy':'Model.ModelName','Resource':'Model','MaxResults':1,"
        "'NextToken':'" STR_FMT "'}",
        STR_ARG(token));
    reply = sm(world, "Search", body);
    assert_text(reply, "Results.0.Model.Model.ModelName", "alpha");
    assert_null(at(reply, "NextToken"));
    snprintf(
        body, sizeof(body), "{'Resource':'Model','MaxResults':2,'NextToken':'" STR_FMT "'}",
        STR_ARG(token));
    assert_refused(sm(world, "Search", body), "ValidationException", "Invalid NextToken");
    reply = sm(world, "Search", "{'Resource':'Experiment'}");
    assert_int_equal(at(reply, "Results")->len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds), cmocka_unit_test(pages)};
    return cmocka_run_group_tests_name("sm_search", tests, NULL, NULL);
}
