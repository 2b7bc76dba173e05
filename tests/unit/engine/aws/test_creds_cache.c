/* Credentials that end: when another set is asked for, by whom, and what AWS's word counts. */
#include "tests/harness/http_script.h"
#include "tests/harness/test.h"

/* A source whose sets are numbered; each ask takes a second. */
struct source {
    struct creds_provider base;
    struct script *script;
    int64_t lives_ms; /* 0: for ever */
    bool renews, broken;
    unsigned asked, inside, most_inside;
    struct creds creds;
    struct secret secret;
    char id[32];
};

static enum err_code
source_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
{
    struct source *self = (struct source *) provider;
    self->asked++;
    if (++self->inside > self->most_inside)
        self->most_inside = self->inside;
    loop_sleep_ms(self->script->loop, 1000);
    self->inside--;
    if (self->broken)
        return err_set(err, ERR_TRANSIENT, "nobody there");
    snprintf(self->id, sizeof(self->id), "AK%u", self->asked);
    secret_clear(&self->secret);
    self->secret = secret_from(STR("canary"));
    self->creds = (struct creds){
        .access_key_id = str_from(self->id),
        .secret_key = &self->secret,
        .expires_ms = self->lives_ms != 0 ? self->script->now_ms + self->lives_ms : 0,
        .source = "a test",
        .renews = self->renews,
    };
    *ret_creds = &self->creds;
    return ERR_NONE;
}

static void source_close(struct creds_provider *provider)
{
    secret_clear(&((struct source *) provider)->secret);
}

static const struct creds_provider_ops s_source_ops = {
    .name = "a test", .get = source_get, .close = source_close};

struct scene {
    struct script script;
    struct source source;
    struct creds_provider *cache;
    struct err err;
    char ids[8][32];
    size_t n_ids;
    uint64_t serial;
};

static int64_t now(void *self)
{
    return ((struct script *) self)->now_ms;
}

static void open_scene(struct scene *scene, int64_t lives_ms, bool renews)
{
    static const struct clock_ops s_ops = {now, now};
    *scene = (struct scene){.source = {.lives_ms = lives_ms, .renews = renews}};
    script_open(&scene->script, "us-east-1", NULL, NULL, NULL);
    scene->source.base.ops = &s_source_ops;
    scene->source.script = &scene->script;
    scene->cache = creds_cache_new(
        scene->script.loop, (struct clock){&s_ops, &scene->script}, &scene->source.base);
}

static void close_scene(struct scene *scene)
{
    creds_close(scene->cache);
    script_close(&scene->script);
}

static void ask(void *arg)
{
    struct scene *scene = arg;
    const struct creds *creds;
    if (creds_get(scene->cache, &creds, &scene->err) != ERR_NONE)
        return;
    scene->err = (struct err){0};
    scene->serial = creds->serial;
    snprintf(
        scene->ids[scene->n_ids++ % 8], sizeof(scene->ids[0]), STR_FMT,
        STR_ARG(creds->access_key_id));
}

static void ask_five(void *arg)
{
    struct scene *scene = arg;
    struct task *tasks[5];
    for (size_t i = 0; i < ARRAY_LEN(tasks); i++)
        tasks[i] = loop_spawn(scene->script.loop, ask, scene);
    for (size_t i = 0; i < ARRAY_LEN(tasks); i++)
        loop_join(scene->script.loop, tasks[i]);
}

/* The id that is given after so long. */
static const char *after(struct scene *scene, int64_t ms)
{
    scene->script.now_ms += ms;
    scene->n_ids = 0;
    scene->ids[0][0] = '\0';
    script_run(&scene->script, NULL, 0, ask, scene);
    return scene->ids[0];
}

#define MINUTES(n) ((n) *INT64_C(60000))

static void renewed_before_the_end(void **state)
{
    (void) state;
    struct scene scene;
    open_scene(&scene, MINUTES(60), true);
    assert_string_equal(after(&scene, 0), "AK1");
    assert_string_equal(after(&scene, MINUTES(44)), "AK1");
    assert_string_equal(after(&scene, MINUTES(1)), "AK2");
    assert_int_equal(scene.source.asked, 2);
    close_scene(&scene);
    open_scene(&scene, MINUTES(15), true); /* the shortest life of a role */
    assert_string_equal(after(&scene, 0), "AK1");
    assert_string_equal(after(&scene, MINUTES(11)), "AK1");
    assert_string_equal(after(&scene, MINUTES(1)), "AK2");
    close_scene(&scene);
    open_scene(&scene, 0, true);
    assert_string_equal(after(&scene, 0), "AK1");
    assert_string_equal(after(&scene, MINUTES(100000)), "AK1");
    close_scene(&scene);
}

static void one_at_a_time(void **state)
{
    (void) state;
    struct scene scene;
    open_scene(&scene, MINUTES(60), true);
    script_run(&scene.script, NULL, 0, ask_five, &scene);
    assert_int_equal(scene.source.asked, 1); /* the first: all wait for it */
    assert_int_equal(scene.n_ids, 5);
    scene.script.now_ms += MINUTES(50);
    scene.n_ids = 0;
    script_run(&scene.script, NULL, 0, ask_five, &scene);
    assert_int_equal(scene.source.asked, 2); /* a renewal: nobody else waits */
    assert_int_equal(scene.source.most_inside, 1);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(scene.ids[i], "AK1");
    assert_string_equal(scene.ids[4], "AK2");
    scene.script.now_ms += MINUTES(70); /* over by now: all wait again */
    scene.n_ids = 0;
    script_run(&scene.script, NULL, 0, ask_five, &scene);
    assert_int_equal(scene.source.asked, 3);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(scene.ids[i], "AK3");
    close_scene(&scene);
}

static void a_renewal_fails(void **state)
{
    (void) state;
    struct scene scene;
    open_scene(&scene, MINUTES(60), true);
    assert_string_equal(after(&scene, 0), "AK1");
    scene.source.broken = true;
    assert_string_equal(after(&scene, MINUTES(50)), "AK1"); /* it is good for ten more minutes */
    assert_int_equal(scene.source.asked, 2);
    assert_string_equal(after(&scene, 1000), "AK1");
    assert_int_equal(scene.source.asked, 2); /* not with every request */
    assert_string_equal(after(&scene, 5000), "AK1");
    assert_int_equal(scene.source.asked, 3);
    assert_string_equal(after(&scene, MINUTES(10)), "");
    assert_int_equal(scene.err.code, ERR_TRANSIENT);
    scene.source.broken = false;
    assert_string_equal(after(&scene, 0), "AK5");
    close_scene(&scene);
}

static void aws_says_so(void **state)
{
    (void) state;
    struct scene scene;
    open_scene(&scene, MINUTES(60), true);
    assert_true(creds_expired(scene.cache, 7)); /* there is none yet */
    assert_string_equal(after(&scene, 0), "AK1");
    uint64_t first = scene.serial;
    assert_true(creds_expired(scene.cache, first));
    assert_string_equal(after(&scene, 0), "AK2");
    assert_true(creds_expired(scene.cache, first)); /* late: a newer one is there */
    assert_string_equal(after(&scene, 0), "AK2");
    assert_int_equal(scene.source.asked, 2);
    assert_true(creds_expired(scene.cache, scene.serial));
    scene.source.broken = true; /* what AWS refuses is no good to fall back on */
    assert_string_equal(after(&scene, 0), "");
    assert_int_equal(scene.err.code, ERR_TRANSIENT);
    close_scene(&scene);
    open_scene(&scene, MINUTES(60), false);
    assert_string_equal(after(&scene, 0), "AK1");
    assert_false(creds_expired(scene.cache, scene.serial));
    assert_string_equal(after(&scene, MINUTES(59)), "AK1"); /* it would give the same */
    close_scene(&scene);
}

static void given_too_late(void **state)
{
    (void) state;
    struct scene scene;
    open_scene(&scene, -MINUTES(1), true);
    assert_string_equal(after(&scene, 0), "");
    assert_int_equal(scene.err.code, ERR_AUTH);
    assert_string_equal(scene.err.message, "the credentials from a test have expired");
    scene.source.lives_ms = MINUTES(60);
    assert_string_equal(after(&scene, 0), "AK2");
    scene.source.lives_ms = -MINUTES(1); /* a renewal that is worse than what there is */
    assert_string_equal(after(&scene, MINUTES(50)), "AK2");
    assert_int_equal(scene.source.asked, 3);
    close_scene(&scene);
    struct creds_provider *given =
        creds_static_new(STR("AK"), STR("s"), STR_NULL, "the stand-in's keys");
    assert_false(creds_expired(given, 1));
    creds_close(given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renewed_before_the_end), cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(a_renewal_fails),        cmocka_unit_test(aws_says_so),
        cmocka_unit_test(given_too_late),
    };
    return cmocka_run_group_tests_name("creds_cache", tests, NULL, NULL);
}
