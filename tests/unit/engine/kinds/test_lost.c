#include "tests/unit/engine/kinds/life.h"

/* Every single request or answer of a run is lost once, in three ways. Whatever the run then says,
 * the same command again leads to the world that a run without any loss leads to. */

static const char *const s_losses[] = {"its answer lost", "it was lost", "killed after it"};

/* What is known of a world: the things in it, and the tags of the bucket. */
struct looking {
    struct str bucket_tags;
};

static void look(struct life *life, struct reconciler *r, struct aws *aws, void *arg)
{
    struct looking *looking = arg;
    struct s3_tag *tags;
    size_t count;
    struct err err = {0};
    looking->bucket_tags = STR("no bucket");
    aws_set_account(aws, STR(LIFE_ACCOUNT));
    if (s3_bucket_get_tags(aws, r->arena, STR("life-bucket"), &tags, &count, &err) != ERR_NONE)
        return;
    looking->bucket_tags = STR("tags:");
    for (size_t i = 0; i < count; i++)
        looking->bucket_tags = str_fmt(
            life->arena, STR_FMT " " STR_FMT "=" STR_FMT, STR_ARG(looking->bucket_tags),
            STR_ARG(tags[i].name), STR_ARG(tags[i].value));
}

static struct str world_of(struct life *life)
{
    struct looking looking;
    life_run(life, look, &looking);
    return str_fmt(
        life->arena, STR_FMT STR_FMT "\n", STR_ARG(life_dump(life)), STR_ARG(looking.bucket_tags));
}

/* One way through a life: what is there before, and the command whose requests are lost. */
struct story {
    const char *name;
    struct str before, after; /* applied before; null: nothing */
    bool destroys;
};

static enum err_code run(struct life *life, const struct story *story)
{
    return story->destroys ? life_destroy(life, story->after) : life_apply(life, story->after);
}

static struct life *opened(const struct story *story)
{
    struct life *life = life_new();
    if (!str_is_null(story->before))
        assert_ok(life_apply(life, story->before), &life->err);
    return life;
}

/* False when the run has fewer requests than that. */
static bool lose(const struct story *story, struct str wanted, size_t nth, enum http_loss loss)
{
    AUTO(life_close) struct life *life = opened(story);
    life->fault.nth = nth;
    life->fault.loss = loss;
    enum err_code first = run(life, story);
    bool struck = life->lost[0] != '\0';
    const char *what = str_z(life->arena, str_from(life->lost));
    /* One message that gets lost is nobody's business but ours. */
    if (loss != LOSS_REST && first != ERR_NONE)
        fail_msg(
            "%s, request %zu (%s), %s: %s", story->name, nth, what, s_losses[loss],
            life->err.message);
    enum err_code second = run(life, story);
    if (second != ERR_NONE)
        fail_msg(
            "%s, request %zu (%s), %s: %s (before: %s)", story->name, nth, what, s_losses[loss],
            life->err.message, err_name(first));
    struct str world = world_of(life);
    /* A bucket whose creator was killed before it could say whose it is stays nobody's. */
    if (loss == LOSS_REST && str_eq_z(str_from(what), "PUT http://127.0.0.1:1/life-bucket"))
        wanted = text_replace(
            life->arena, wanted, "tags: team=risk mmectl:uid=4oxj2i7e mmectl:stack=demo", "tags:");
    if (!str_eq(world, wanted))
        print_message("# %s, request %zu (%s), %s\n", story->name, nth, what, s_losses[loss]);
    assert_str_len(world, wanted);
    if (!story->destroys)
        life_settled(life, story->after);
    return struck;
}

static void tell(const struct story *story)
{
    AUTO(life_close) struct life *life = opened(story);
    assert_ok(run(life, story), &life->err);
    struct str wanted = world_of(life);
    size_t nth = 1;
    for (enum http_loss loss = LOSS_ANSWER; loss <= LOSS_REST; loss++)
        for (nth = 1; lose(story, wanted, nth, loss); nth++)
            ;
    print_message("# %s: %zu mutating requests\n", story->name, nth - 1);
    assert_true(nth > 3);
}

static struct str spec(struct arena *arena, bool stable, const char *depth)
{
    struct str text = STR(LIFE_SPEC);
    if (!stable)
        text = text_replace(arena, text, "targetModels: stable", "targetModels: versioned");
    return text_replace(arena, text, "max_depth: 2", depth);
}

static void first_apply(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct story story = {
            .name = stable ? "first apply, stable" : "first apply, versioned",
            .after = spec(*state, stable == 1, "max_depth: 2")};
        tell(&story);
    }
}

static void changed_model(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct story story = {
            .name = stable ? "changed model, stable" : "changed model, versioned",
            .before = spec(*state, stable == 1, "max_depth: 2"),
            .after = spec(*state, stable == 1, "max_depth: 4")};
        tell(&story);
    }
}

static void destroy(void **state)
{
    struct str text = spec(*state, true, "max_depth: 2");
    struct story story = {.name = "destroy", .before = text, .after = text, .destroys = true};
    tell(&story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(first_apply), WITH_ARENA(changed_model), WITH_ARENA(destroy)};
    return cmocka_run_group_tests_name("lost", tests, NULL, NULL);
}
