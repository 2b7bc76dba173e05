#include "tests/harness/test.h"
#include "tests/unit/specs/spec_test.h"

#include "engine/base/digest.h"
#include "engine/kinds/kinds.h"
#include "engine/reconcile/desired.h"

/* Partitions of real files, through the world's reader but without AWS. */
struct offline {
    struct arena *arena;
    struct loop *loop;
    struct world *world;
    const struct spec *spec;
    struct want *want;
    size_t unread;
    enum err_code code;
    struct err err;
};

static void offline_task(void *arg)
{
    struct offline *o = arg;
    struct reconciler r = {.arena = o->arena, .loop = o->loop, .world = o->world};
    o->code = desired_offline(&r, o->spec, &o->want, &o->unread, &o->err);
}

static void offline_again(struct offline *o)
{
    o->err = (struct err){0};
    loop_run(o->loop, offline_task, o);
}

static void offline_close(struct offline *o)
{
    kinds_free(o->world);
    loop_free(o->loop);
}

static const char *
write_csv(struct arena *arena, const char *folder, const char *name, struct str text)
{
    const char *path = path_join(arena, str_from(folder), str_from(name)).ptr;
    struct err err = {0};
    assert_ok(file_write_atomic(path, text, 0600, &err), &err);
    return path;
}

/* A spec whose channels are these two files; sets: the rest of the modelSets line. */
static struct offline
offline_of(struct arena *arena, const char *train, const char *validation, const char *sets)
{
    struct str text = str_fmt(
        arena,
        "apiVersion: mmectl/v1\nkind: MultiModelEndpoint\nmetadata: {name: sets}\nspec:\n"
        "  region: us-east-1\n  role: arn:aws:iam::123456789012:role/SageMaker\n"
        "  training:\n    backend: local\n    channels:\n"
        "      train: {source: %s, contentType: text/csv}\n%s%s%s"
        "    hyperparameters: {objective: \"reg:squarederror\", num_round: 2}\n"
        "  models: [{name: c-taken}]\n"
        "  modelSets: %s\n"
        "  endpoint: {instance: {type: ml.m5.large}}\n",
        train, validation != NULL ? "      validation: {source: " : "",
        validation != NULL ? validation : "",
        validation != NULL ? ", contentType: text/csv}\n" : "", sets);
    struct loaded loaded = load_text(arena, text);
    if (loaded.specs.len != 1)
        fail_msg("the spec is not one: " STR_FMT, STR_ARG(loaded.faults));
    struct offline o = {
        .arena = arena, .loop = loop_new(clock_system()), .spec = loaded.specs.items[0]};
    const struct kinds_options options = {NULL, o.loop, STR("test"), NULL};
    o.world = kinds_world(arena, &options);
    return o;
}

#define SET "[{name: \"c-{key}\", description: \"of {key}\", partition: {column: 0}, minRows: 2}]"

static void values_become_models(void **state)
{
    const char *folder = test_folder_new(*state);
    const char *train = write_csv(
        *state, folder, "t.csv",
        STR("b,1,2\na,1,3\nb,0,4\na,0,5\nfew,1,1\n \"x y\" ,1,2\nx "
            "y,0,3\n\xc3\xbc,1,2\n\xc3\xbc,0,2\n"
            ",1,2\n,0,3\n"));
    const char *validation =
        write_csv(*state, folder, "v.csv", STR("a,1,9\nelse,1,2\nb,0,7\na,0,8\n"));
    AUTO(offline_close) struct offline o = offline_of(*state, train, validation, SET);
    offline_again(&o);
    assert_ok(o.code, &o.err);
    static const char *const s_names[] = {"c-taken", "c-b", "c-a", "c-x_y", "c-u00fc", "c-_"};
    assert_int_equal(o.want->n_models, ARRAY_LEN(s_names));
    for (size_t i = 0; i < ARRAY_LEN(s_names); i++)
        assert_str(o.want->models[i].name, s_names[i]);
    const struct want_model *a = &o.want->models[2];
    assert_str(a->description, "of a");
    assert_str(a->set, "c-{key}");
    assert_str(a->set_value, "a");
    assert_int_equal(a->n_channels, 2);
    assert_str(a->channels[0].name, "train");
    assert_str(a->channels[0].index, "c-a/train");
    /* sha256 of "1,3\n0,5\n": its rows, as a file of its own would have them. */
    assert_int_equal(a->channels[0].size, 8);
    assert_str_len(a->channels[0].digest, sha256_hex(*state, STR("1,3\n0,5\n")));
    assert_str_len(a->channels[1].digest, sha256_hex(*state, STR("1,9\n0,8\n")));
    assert_int_equal(o.want->models[3].n_channels, 1); /* no validation rows */
    const struct want_set *set = &o.want->sets[0];
    assert_int_equal(o.want->n_sets, 1);
    assert_int_equal(set->n_models, 5);
    assert_int_equal(set->n_small, 1);
    assert_str(set->small[0]->value, "few");
    assert_int_equal(set->n_renamed, 3);
    assert_str(set->renamed[0].name, "x y");
    assert_str(set->renamed[0].value, "c-x_y");
    assert_int_equal(set->n_unvalidated, 3);
    assert_int_equal(set->n_strays, 1);
    test_folder_remove(folder);
}

static void a_file_is_read_again_when_it_changed(void **state)
{
    const char *folder = test_folder_new(*state);
    const char *train = write_csv(*state, folder, "t.csv", STR("b,1,2\nb,0,4\n"));
    AUTO(offline_close) struct offline o = offline_of(*state, train, NULL, SET);
    offline_again(&o);
    assert_ok(o.code, &o.err);
    const void *data = o.want->models[1].channels[0].split->data;
    offline_again(&o);
    assert_ok(o.code, &o.err);
    assert_ptr_equal(o.want->models[1].channels[0].split->data, data);
    write_csv(*state, folder, "t.csv", STR("b,1,2\nb,0,4\nb,1,7\n"));
    offline_again(&o);
    assert_ok(o.code, &o.err);
    assert_ptr_not_equal(o.want->models[1].channels[0].split->data, data);
    test_folder_remove(folder);
}

static void names_fit(void **state)
{
    const char *folder = test_folder_new(*state);
    struct str text =
        str_fmt(*state, "-a,1,2\n%0200d,1,2\n%0199d1,1,2\n.b,1,2\na--b---c,1,2\n\xff,1,2\n", 7, 7);
    const char *train = write_csv(*state, folder, "t.csv", text);
    AUTO(offline_close)
    struct offline o = offline_of(
        *state, train, NULL,
        "[{name: \"c-{key}\", partition: {column: 0}}, {name: \"{key}\", partition: {column: 0}}]");
    offline_again(&o);
    assert_ok(o.code, &o.err);
    static const char *const s_names[] = {"c-_a", NULL, NULL, "c-.b", "c-a-_b-_-c", "c-xff",
                                          "x-a",  NULL, NULL, "x.b",  "a-_b-_-c",   "xff"};
    assert_int_equal(o.want->n_models, 1 + ARRAY_LEN(s_names));
    for (size_t i = 0; i < ARRAY_LEN(s_names); i++) {
        struct str name = o.want->models[i + 1].name;
        if (s_names[i] != NULL)
            assert_str(name, s_names[i]);
        else
            assert_int_equal(name.len, 101);
        assert_int_equal(str_find(name, STR("--")), SIZE_MAX);
    }
    assert_false(str_eq(o.want->models[2].name, o.want->models[3].name));
    test_folder_remove(folder);
}

static void faults(void **state)
{
    static const struct {
        const char *train, *validation, *sets, *message;
        unsigned line;
    } s_cases[] = {
        {"a b,1,2\na/b,1,2\n", NULL, "[{name: \"c-{key}\", partition: {column: 0}}]",
         "values 'a b' and 'a/b' of column 0 both make model 'c-a_b'", 13},
        {"taken,1,2\n", NULL, "[{name: \"c-{key}\", partition: {column: 0}}]",
         "set 'c-{key}' makes model 'c-taken', which is defined already", 13},
        {"a,1,2\n", NULL,
         "[{name: \"c-{key}\", partition: {column: 0}}, {name: \"c-{key}\", partition: {column: "
         "0}}]",
         "makes model 'c-a', which is defined already", 13},
        {"a,1,2\nb,1,2\n", NULL, SET, "set 'c-{key}' makes no model: no value has 2 rows", 13},
        {"a,1,2\n", NULL, "[{name: \"c-{key}\", partition: {column: 7}}]", "there is no column 7",
         13},
        {"", NULL, SET, "' is empty", 13},
        {"a,1,2\nb,1,x\n", NULL, SET, "channel 'train': '", 10},
        {"a,1,2\na,1,2\n", "a,1,2,3\n", SET,
         "channel 'validation' has 2 features, channel 'train' has 1", 11},
        {NULL, NULL, SET, "channel 'train': reading '", 10},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        const char *folder = test_folder_new(*state), *validation = NULL;
        const char *train = path_join(*state, str_from(folder), STR("t.csv")).ptr;
        if (s_cases[i].train != NULL)
            write_csv(*state, folder, "t.csv", str_from(s_cases[i].train));
        if (s_cases[i].validation != NULL)
            validation = write_csv(*state, folder, "v.csv", str_from(s_cases[i].validation));
        AUTO(offline_close)
        struct offline o = offline_of(*state, train, validation, s_cases[i].sets);
        offline_again(&o);
        if (o.code == ERR_NONE || strstr(o.err.message, s_cases[i].message) == NULL)
            fail_msg("case %zu: %s: %s", i, err_name(o.code), o.err.message);
        unsigned line = s_cases[i].line + (validation != NULL && s_cases[i].line > 11 ? 1 : 0);
        if (o.err.at.line != line)
            fail_msg("case %zu: line %u", i, o.err.at.line);
        test_folder_remove(folder);
    }
}

static void too_many(void **state)
{
    const char *folder = test_folder_new(*state);
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(4));
    for (int i = 0; i < 10000; i++)
        buf_fmt(&text, "k%d,1,2\n", i);
    const char *train = write_csv(*state, folder, "t.csv", buf_str(&text));
    AUTO(offline_close)
    struct offline o =
        offline_of(*state, train, NULL, "[{name: \"c-{key}\", partition: {column: 0}}]");
    offline_again(&o);
    assert_fails(
        o.code, ERR_SPEC, &o.err,
        "makes 10000 models, which are 10001 in all; a stack with model sets has at most 10000");
    test_folder_remove(folder);
}

static void what_is_in_s3_is_not_read(void **state)
{
    AUTO(offline_close)
    struct offline o = offline_of(*state, "s3://bucket/t.csv", NULL, SET);
    offline_again(&o);
    assert_ok(o.code, &o.err);
    assert_int_equal(o.unread, 1);
    assert_int_equal(o.want->n_models, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(values_become_models),
        WITH_ARENA(a_file_is_read_again_when_it_changed),
        WITH_ARENA(names_fit),
        WITH_ARENA(faults),
        WITH_ARENA(too_many),
        WITH_ARENA(what_is_in_s3_is_not_read),
    };
    return cmocka_run_group_tests_name("model_sets", tests, NULL, NULL);
}
