#include "tests/unit/engine/kinds/life.h"

#include "engine/plan/world.h"
#include "engine/reconcile/planner.h"
#include "engine/reconcile/regions.h"
#include "engine/resource/names.h"

/* One spec in two regions, side by side on one loop: what is trained in one arrives in both. */

struct stack {
    struct life *life;
    struct creds_provider *creds;
    struct aws *aws;
    struct world *world;
    struct reconciler r;
    const struct spec *spec;
    int64_t late_ms;
    struct plan *plan;
    struct report report;
    enum err_code code;
    struct err err;
};

struct both {
    bool here;       /* backend: local */
    bool changed;    /* model two */
    bool first_only; /* the second one's turn comes later */
    int64_t late_ms; /* by which the second starts after the first */
    bool gives_up;   /* the first is never carried out */
    size_t n_jobs[2], n_add[2], n_done[2];
    enum err_code codes[2];
};

static struct str two_regions(struct life *life, bool here, bool changed)
{
    struct str text = text_replace(
        life->arena, STR(LIFE_SPEC), "  region: us-east-1\n",
        "  regions: [us-east-1, eu-west-1]\n");
    text = text_replace(life->arena, text, "bucket: life-bucket", "bucket: \"life-{region}\"");
    if (changed)
        text = text_replace(life->arena, text, "{max_depth: 3}", "{max_depth: 4}");
    return here ? text_replace(life->arena, text, "backend: sagemaker", "backend: local") : text;
}

static void stack_open(struct stack *stack, struct arena *arena, struct kinds_sources *sources)
{
    struct life *life = stack->life;
    stack->creds = creds_static_new(
        life->key.access_key, life->key.secret_key, life->key.session_token, "a test");
    const struct aws_options options = {
        .loop = life->loop,
        .clock = {&s_life_own_clock, life},
        .rng = &life->rng,
        .http = life->wire,
        .creds = stack->creds,
        .region = stack->spec->region.value,
        .endpoint_url = STR("http://127.0.0.1:1")};
    assert_ok(aws_new(&options, &stack->aws, &stack->err), &stack->err);
    const struct kinds_options kinds = {stack->aws, life->loop, STR("1"), sources};
    stack->world = kinds_world(arena, &kinds);
    stack->r = (struct reconciler){
        .arena = arena,
        .loop = life->loop,
        .world = stack->world,
        .region = stack->spec->region.value,
        .writer = STR("me@here"),
        .on_event = life_event,
        .event_arg = life,
        .rng = &life->rng};
}

static void execute(void *arg)
{
    struct stack *stack = arg;
    loop_sleep_ms(stack->life->loop, stack->late_ms);
    stack->code = reconcile_execute(&stack->r, stack->plan, &stack->report, &stack->err);
}

static size_t count_jobs(struct stack *stack)
{
    struct snapshot seen = {0};
    const struct plan_context *context = stack->plan->context;
    assert_ok(
        stack->world->ops->list_jobs(
            stack->world, stack->r.arena, context->want, &seen, &stack->err),
        &stack->err);
    return seen.jobs.len;
}

/* Both jobs of the first region fail, whatever it is told. */
static void plant(struct life *life)
{
    struct str uid = name_uid(life->arena, STR(LIFE_ACCOUNT), STR("us-east-1"), STR("demo"));
    life_fault(
        life, str_fmt(
                  life->arena,
                  "{'operation':'CreateTrainingJob','kind':'fail','times':2,'name':'" STR_FMT
                  "','reason':'AlgorithmError: no'}",
                  STR_ARG(uid))
                  .ptr);
}

static void work(struct life *life, struct reconciler *r, struct aws *aws, void *arg)
{
    struct both *both = arg;
    struct stack *stacks = ARENA_ARRAY(r->arena, 2, struct stack); /* large, for their errors */
    struct regional regions[2];
    struct diags diags;
    struct spec_list specs;
    const struct spec_options options = {0};
    struct kinds_sources *sources = kinds_sources_new();
    struct task *tasks[2] = {NULL, NULL};
    (void) aws;
    diags_init(&diags, r->arena);
    struct str path = path_join(r->arena, str_from(life->folder), STR("spec.yaml"));
    assert_ok(
        file_write_atomic(
            str_z(r->arena, path), two_regions(life, both->here, both->changed), 0600, &life->err),
        &life->err);
    assert_ok(spec_load(r->arena, &path, 1, &options, &diags, &specs, &life->err), &life->err);
    assert_int_equal(specs.len, 2);
    for (size_t i = 0; i < 2; i++) {
        stacks[i].life = life;
        stacks[i].spec = specs.items[i];
        stacks[i].late_ms = i == 1 ? both->late_ms : 0;
        stack_open(&stacks[i], r->arena, sources);
        assert_ok(
            reconcile_plan(
                &stacks[i].r, stacks[i].spec, PLAN_APPLY, &stacks[i].plan, &stacks[i].err),
            &stacks[i].err);
        regions[i] = (struct regional){&stacks[i].r, stacks[i].plan, {0}};
    }
    regions_share(regions, 2);
    for (size_t i = 0; i < 2; i++) {
        stacks[i].plan = regions[i].plan;
        both->n_add[i] = stacks[i].plan->n_add;
        bool out = i == 0 ? both->gives_up : both->first_only;
        if (!out)
            tasks[i] = loop_spawn(life->loop, execute, &stacks[i]);
    }
    if (both->gives_up)
        regions_give_up(stacks[0].plan);
    for (size_t i = 0; i < 2; i++)
        if (tasks[i] != NULL)
            loop_join(life->loop, tasks[i]);
    for (size_t i = 0; i < 2; i++) {
        both->codes[i] = stacks[i].code;
        both->n_done[i] = stacks[i].report.n_added;
        both->n_jobs[i] = count_jobs(&stacks[i]);
        kinds_free(stacks[i].world);
        aws_free(stacks[i].aws);
        creds_close(stacks[i].creds);
    }
    kinds_sources_free(sources);
}

static void run_both(struct life *life, struct both *both)
{
    both->codes[0] = both->codes[1] = ERR_NONE;
    life_run(life, work, both);
}

static void trained_once(void **state)
{
    (void) state;
    for (int here = 0; here < 2; here++) {
        AUTO(life_close) struct life *life = life_new();
        struct both both = {.here = here == 1};
        run_both(life, &both);
        assert_int_equal(both.codes[0], ERR_NONE);
        assert_int_equal(both.codes[1], ERR_NONE);
        /* Bucket, 2 artifacts, model, config, endpoint; for jobs the data, and in the first region
         * the jobs themselves. */
        assert_int_equal(both.n_add[0], here == 1 ? 6 : 9);
        assert_int_equal(both.n_add[1], here == 1 ? 6 : 7);
        assert_int_equal(both.n_done[0], both.n_add[0]);
        assert_int_equal(both.n_done[1], both.n_add[1]);
        assert_int_equal(both.n_jobs[0], here == 1 ? 0 : 2);
        assert_int_equal(both.n_jobs[1], 0);
        run_both(life, &both);
        assert_int_equal(both.n_add[0] + both.n_add[1], 0);
    }
}

static void copied_later(void **state)
{
    (void) state;
    for (int here = 0; here < 2; here++) {
        AUTO(life_close) struct life *life = life_new();
        struct both both = {.here = here == 1, .first_only = true};
        run_both(life, &both);
        both.first_only = false;
        run_both(life, &both);
        assert_int_equal(both.codes[1], ERR_NONE);
        assert_int_equal(both.n_add[0], 0);
        assert_int_equal(both.n_done[1], both.n_add[1]);
        assert_int_equal(both.n_jobs[1], 0);
    }
}

/* With stable names other content is a new generation, and the old one goes: not before the other
 * region has taken what it needs of it. */
static void copied_from_what_goes(void **state)
{
    (void) state;
    for (int here = 0; here < 2; here++) {
        AUTO(life_close) struct life *life = life_new();
        struct both both = {.here = here == 1, .first_only = true};
        run_both(life, &both);
        both.first_only = false;
        both.changed = true;
        both.late_ms = 600000;
        run_both(life, &both);
        assert_int_equal(both.codes[0], ERR_NONE);
        assert_int_equal(both.codes[1], ERR_NONE);
        assert_int_equal(both.n_jobs[1], 0);
        run_both(life, &both);
        assert_int_equal(both.n_add[0] + both.n_add[1], 0);
    }
}

/* Who waited for it trains, and tells so in what it has done. */
static void a_training_that_fails_elsewhere_is_made_up_for(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct both both = {0};
    plant(life);
    run_both(life, &both);
    assert_int_equal(both.codes[0], ERR_PARTIAL);
    assert_int_equal(both.codes[1], ERR_NONE);
    assert_int_equal(both.n_jobs[1], 2);
    assert_int_equal(both.n_done[1], both.n_add[1] + 2);
    run_both(life, &both);
    assert_int_equal(both.codes[0], ERR_NONE);
    assert_int_equal(both.n_jobs[0], 2); /* those that failed */
}

static void a_region_that_is_never_applied_holds_up_nobody(void **state)
{
    (void) state;
    for (int here = 0; here < 2; here++) {
        AUTO(life_close) struct life *life = life_new();
        struct both both = {.here = here == 1, .gives_up = true};
        run_both(life, &both);
        assert_int_equal(both.codes[1], ERR_NONE);
        assert_int_equal(both.n_jobs[1], here == 1 ? 0 : 2);
    }
}

/* ---- files that are read once ---- */

static struct str digest(struct life *life, struct world *world)
{
    struct str sha256;
    uint64_t size = 0;
    struct err err = {0};
    struct str path = path_join(life->arena, str_from(life->folder), STR("train.csv"));
    assert_ok(world->ops->digest_file(world, life->arena, path, &sha256, &size, &err), &err);
    assert_true(size > 0);
    return sha256;
}

static void a_file_is_digested_once_in_a_state(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct kinds_sources *sources = kinds_sources_new();
    const struct kinds_options options = {NULL, life->loop, STR("1"), sources};
    struct world *one = kinds_world(life->arena, &options),
                 *two = kinds_world(life->arena, &options);
    struct str first = digest(life, one);
    assert_str_len(digest(life, two), first);
    life_write(life, "train.csv", "1,0.1,0.2\n0,0.3,0.4\n1,0.5,0.1\n0,0.9,0.8\n");
    struct str second = digest(life, two);
    assert_false(str_eq(first, second));
    assert_str_len(digest(life, one), second);
    kinds_free(one);
    kinds_free(two);
    kinds_sources_free(sources);
    kinds_sources_free(NULL);
}

/* What was checked is not read again; another file, or one that is read in another way, is. */
static void a_channel_is_checked_once_in_a_state(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct kinds_sources *sources = kinds_sources_new();
    const struct kinds_options options = {NULL, life->loop, STR("1"), sources};
    struct world *world = kinds_world(life->arena, &options);
    struct err err = {0};
    struct want_channel channel = {
        .name = STR("train"),
        .content_type = STR("text/csv"),
        .source = STR("train.csv"),
        .path = path_join(life->arena, str_from(life->folder), STR("train.csv"))};
    for (int i = 0; i < 2; i++)
        assert_ok(world->ops->check_channel(world, &channel, false, &err), &err);
    channel.content_type = STR("text/libsvm");
    assert_false(world->ops->check_channel(world, &channel, false, &err) == ERR_NONE);
    channel.content_type = STR("text/csv");
    life_write(life, "train.csv", "1,0.1,x\n");
    assert_false(world->ops->check_channel(world, &channel, false, &err) == ERR_NONE);
    kinds_free(world);
    kinds_sources_free(sources);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trained_once),
        cmocka_unit_test(copied_later),
        cmocka_unit_test(copied_from_what_goes),
        cmocka_unit_test(a_training_that_fails_elsewhere_is_made_up_for),
        cmocka_unit_test(a_region_that_is_never_applied_holds_up_nobody),
        cmocka_unit_test(a_file_is_digested_once_in_a_state),
        cmocka_unit_test(a_channel_is_checked_once_in_a_state),
    };
    return cmocka_run_group_tests_name("engine/kinds/regions", tests, NULL, NULL);
}
