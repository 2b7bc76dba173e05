/* What a tool does that looks at each thing by itself: HEAD for COUNT objects of a prefix, WIDTH at
 * once, with mmectl's own client. Prints the microseconds.
 *
 *     heads BUCKET PREFIX COUNT WIDTH
 *
 * AWS_ENDPOINT_URL and the keys come from the environment. The listing that finds the keys is not
 * counted.
 */
#include "engine/aws/http_curl.h"
#include "engine/aws/s3.h"
#include "engine/base/arena.h"
#include "tests/bench/bench.h"

struct heads {
    struct loop *loop;
    struct aws *aws;
    struct arena *arena;
    struct str bucket, prefix;
    struct s3_listing listing;
    size_t count, width, next;
    int64_t took_us;
};

static const char *environment(const char *name)
{
    return getenv(name);
}

static void look(void *arg)
{
    struct heads *heads = arg;
    struct arena *scratch = arena_new("head", 0);
    while (heads->next < heads->count) {
        struct err err = {0};
        struct s3_info info;
        struct str key = heads->listing.objects[heads->next++].key;
        arena_reset(scratch);
        if (s3_head(heads->aws, scratch, heads->bucket, key, &info, &err) != ERR_NONE)
            DIE("%s", err.message);
    }
    arena_free(scratch);
}

static void run(void *arg)
{
    struct heads *heads = arg;
    struct err err = {0};
    struct s3_list_options options = {.prefix = heads->prefix, .max_objects = heads->count};
    if (s3_list(heads->aws, heads->arena, heads->bucket, &options, &heads->listing, &err) !=
        ERR_NONE)
        DIE("%s", err.message);
    if (heads->listing.count < heads->count)
        DIE("there are %zu objects", heads->listing.count);
    struct task **tasks = ARENA_ARRAY(heads->arena, heads->width, struct task *);
    int64_t start = now_us();
    for (size_t i = 0; i < heads->width; i++)
        tasks[i] = loop_spawn(heads->loop, look, heads);
    for (size_t i = 0; i < heads->width; i++)
        loop_join(heads->loop, tasks[i]);
    heads->took_us = now_us() - start;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        DIE("usage: heads BUCKET PREFIX COUNT WIDTH");
    struct err err = {0};
    struct rng rng;
    rng_seed(&rng, rng_entropy());
    struct heads heads = {
        .loop = loop_new(clock_system()),
        .arena = arena_new("heads", 0),
        .bucket = str_from(argv[1]),
        .prefix = str_from(argv[2]),
        .count = number_of(argv[3]),
        .width = number_of(argv[4])};
    struct http_curl_options http = {.loop = heads.loop, .user_agent = "heads"};
    struct aws_options options = {
        .loop = heads.loop,
        .clock = clock_system(),
        .rng = &rng,
        .creds = creds_env_new(environment),
        .region = STR("us-east-1"),
        .env = environment};
    if (http_curl_new(&http, &options.http, &err) != ERR_NONE ||
        aws_new(&options, &heads.aws, &err) != ERR_NONE)
        DIE("%s", err.message);
    loop_run(heads.loop, run, &heads);
    printf("%lld\n", (long long) heads.took_us);
    aws_free(heads.aws);
    creds_close(options.creds);
    http_close(options.http);
    loop_free(heads.loop);
    arena_free(heads.arena);
    return 0;
}
