#include "engine/serve/container.h"

#include "engine/base/json.h"
#include "tests/unit/engine/serve/models.h"

struct world {
    struct arena *arena;
    struct container *container;
    struct str good, other;
};

static int set_up(void **state)
{
    struct arena *arena = arena_new("world", 0);
    struct world *world = ARENA_NEW(arena, struct world);
    const char *folder = test_folder_new(arena);
    world->arena = arena;
    world->good = model_file(
        arena, folder, "good", "xgboost-model", model_bytes(arena, 3, "binary:logistic", 2));
    world->other = model_file(
        arena, folder, "other", "xgboost-model", model_bytes(arena, 5, "binary:logistic", 2));
    world->container = container_new(&(struct container_options){.memory_bytes = MIB(64)});
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    container_free(world->container);
    container_free(NULL);
    arena_free(world->arena);
    return 0;
}

/* One request, with what it defers. */
static struct httpd_response
ask(struct world *world, const char *method, const char *target, const char *body)
{
    struct httpd_header headers[] = {
        {STR("Content-Type"), STR("text/csv")}, {STR("Accept"), STR("text/csv")}};
    struct httpd_request request = {
        .method = str_from(method),
        .target = str_from(target),
        .headers = headers,
        .n_headers = ARRAY_LEN(headers),
        .body = str_from(body),
        .body_fd = -1};
    struct httpd_response response = {.body_fd = -1};
    container_handle(world->container, world->arena, &request, &response);
    if (response.work != NULL)
        response.work(response.work_arg, world->arena, &response);
    return response;
}

static void expect(
    struct world *world,
    const char *method,
    const char *target,
    const char *body,
    int status,
    const char *part)
{
    struct httpd_response got = ask(world, method, target, body);
    if (got.status != status || str_find(got.body, str_from(part)) == SIZE_MAX)
        fail_msg("%s %s: %d " STR_FMT, method, target, got.status, STR_ARG(got.body));
}

static const char *order(struct world *world, const char *name, struct str path)
{
    return str_fmt(
               world->arena, "{\"model_name\": \"%s\", \"url\": \"" STR_FMT "\"}", name,
               STR_ARG(path))
        .ptr;
}

static void goes_through_a_life(void **state)
{
    struct world *world = *state;
    expect(world, "GET", "/ping", "", 200, "\"Healthy\"");
    expect(world, "GET", "/models", "", 200, "\"models\": []");
    expect(world, "GET", "/execution-parameters", "", 200, "\"MaxPayloadInMB\": 6");
    expect(world, "POST", "/models/a/invoke", "1,2,3,4", 404, "Model not found: a");
    expect(world, "POST", "/invocations", "1,2,3,4", 404, "needs one loaded model");
    expect(world, "POST", "/models", order(world, "a", world->good), 200, "Workers scaled");
    expect(world, "POST", "/models", order(world, "a", world->good), 409, "already registered");
    expect(world, "GET", "/models/a", "", 200, "\"modelName\": \"a\"");
    struct str one = ask(world, "POST", "/models/a/invoke", "1,2,3,4").body;
    assert_str_len(ask(world, "POST", "/invocations", "1,2,3,4").body, one);
    expect(world, "POST", "/models", order(world, "b c", world->other), 200, "Workers scaled");
    expect(world, "POST", "/invocations", "1,2,3,4", 404, "needs one loaded model");
    struct str two = ask(world, "POST", "/models/b%20c/invoke", "1,2,3,4").body;
    assert_false(str_eq(one, two));
    assert_str_len(ask(world, "POST", "/invocations?model_name=b+c", "1,2,3,4").body, two);
    expect(world, "POST", "/models/a/invoke", "1,2", 400, "Feature size");
    assert_int_equal(ask(world, "POST", "/models/a/invoke", "").status, 204);
    expect(world, "GET", "/metrics", "", 200, "mmectl_model_invocations_total{model=\"a\"} 4\n");
    expect(world, "DELETE", "/models/a", "", 200, "Model \\\"a\\\" unregistered");
    expect(world, "DELETE", "/models/a", "", 404, "Model not found: a");
    assert_str_len(ask(world, "POST", "/invocations", "1,2,3,4").body, two);
}

static void lists_page_by_page(void **state)
{
    struct world *world = *state;
    static const struct {
        size_t models;
        int limit;
        size_t pages; /* the last of them may be empty: never, here */
    } cases[] = {{99, 0, 1},  {100, 0, 1}, {101, 0, 2}, {200, 0, 2},
                 {201, 0, 3}, {7, 3, 3},   {6, 3, 2},   {1, 1, 1}};
    for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
        struct err err = {0};
        container_free(world->container);
        world->container = container_new(&(struct container_options){.memory_bytes = MIB(64)});
        for (size_t i = 0; i < cases[k].models; i++)
            must(
                container_load(
                    world->container, str_fmt(world->arena, "m%03zu", i), world->good, &err),
                &err);
        struct str token = STR_NULL;
        size_t pages = 0, seen = 0;
        do {
            struct str target = str_fmt(
                world->arena, "/models?limit=%d%s" STR_FMT,
                cases[k].limit > 0 ? cases[k].limit : 1000,
                str_is_null(token) ? "" : "&next_page_token=", STR_ARG(token));
            struct str body = ask(world, "GET", target.ptr, "").body;
            struct json *page = NULL;
            must(json_parse(world->arena, body, MIB(1), &page, &err), &err);
            const struct json *models = json_get(page, "models");
            JSON_EACH (model, models) {
                assert_str_len(
                    json_get_str(model, "modelName"), str_fmt(world->arena, "m%03zu", seen));
                seen++;
            }
            token = json_get_str(page, "nextPageToken");
            pages++;
        } while (!str_is_empty(token) && pages < 10);
        assert_int_equal(seen, cases[k].models);
        assert_int_equal(pages, cases[k].pages);
    }
}

static void refuses(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *method, *target, *body, *part;
        int status;
    } cases[] = {
        {"GET", "/", "", "Requested resource is not found", 404},
        {"GET", "/models/", "", "not found", 404},
        {"GET", "/models/a/b", "", "not found", 404},
        {"PUT", "/models", "", "method is not allowed", 405},
        {"GET", "/models/a/invoke", "", "method is not allowed", 405},
        {"POST", "/models/%/invoke", "", "the name of the model is broken", 400},
        {"GET", "/models?limit=x", "", "limit has to be", 400},
        {"GET", "/models?limit=%zz", "", "BadRequestException", 400},
        {"POST", "/invocations?model_name=none", "1", "Model not found: none", 404},
        {"POST", "/models", "{", "BadRequestException", 400},
        {"POST", "/models", "{}", "Parameter url is required.", 400},
        {"POST", "/models", "{\"url\": \"/x\"}", "Parameter model_name is required.", 400},
        {"POST", "/models", "{\"model_name\": \"x\", \"url\": \"/x/../y\"}", "Relative path", 404},
        {"POST", "/models", "{\"model_name\": \"x\", \"url\": \"/no/such\"}",
         "not found in model store", 404},
        {"POST", "/models", "{\"model_name\": \"x\", \"url\": \"/dev/null\"}",
         "Unable to load model x", 500},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        expect(
            world, cases[i].method, cases[i].target, cases[i].body, cases[i].status, cases[i].part);
    struct str folder = str_fmt(world->arena, STR_FMT "-pickle", STR_ARG(world->good));
    struct str pickle = model_file(
        world->arena, folder.ptr, "m", "xgboost-model", str_of("\x80\x04\x95 pickled", 11));
    expect(
        world, "POST", "/models", order(world, "p", pickle), 500, "never run here; save it with");
}

static void a_full_memory_is_507(void **state)
{
    struct world *world = *state;
    container_free(world->container);
    world->container = container_new(&(struct container_options){.memory_bytes = 4000});
    int status = 200;
    char name[16];
    for (unsigned i = 0; i < 100 && status == 200; i++) {
        snprintf(name, sizeof(name), "m%u", i);
        status = ask(world, "POST", "/models", order(world, name, world->good)).status;
    }
    assert_int_equal(status, 507);
    expect(world, "DELETE", "/models/m0", "", 200, "unregistered");
    expect(world, "POST", "/models", order(world, "again", world->good), 200, "Workers scaled");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(goes_through_a_life, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_page_by_page, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_memory_is_507, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("container", tests, NULL, NULL);
}
