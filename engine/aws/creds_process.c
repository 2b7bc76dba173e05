/* A program that prints credentials. It is started without a shell: what the profile says is split
 * into words and nothing in it is expanded.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html */
#include "engine/aws/creds_keys.h"

#include "engine/aws/profile.h"
#include "engine/base/arena.h"
#include "engine/base/argv.h"
#include "engine/base/child.h"

#define TIMEOUT_MS 60000 /* it may be waiting for somebody to touch a key */
#define MAX_WORDS 256
#define MAX_OUT_BYTES KIB(64)
#define MAX_SAID_BYTES KIB(16)
#define SHOWN_BYTES 300

struct creds_process {
    struct creds_provider base;
    struct creds_context context;
    const struct profile *profile;
    int64_t timeout_ms;
    struct creds_keys keys;
};

struct run {
    struct child_options options;
    struct buf out, said;
    int status;
    enum err_code code;
    struct err err;
};

static void run_child(void *arg)
{
    struct run *run = arg;
    run->code = child_run(&run->options, &run->out, &run->said, &run->status, &run->err);
}

/* The last line it said: most programs end with the reason. */
static struct str last_line(struct str said)
{
    struct str text = str_trim(said);
    size_t end = str_rindex(text, '\n');
    text = str_trim(end == SIZE_MAX ? text : str_from_index(text, end + 1));
    return str_slice(text, 0, SHOWN_BYTES);
}

static enum err_code
read_run(struct creds_process *self, struct arena *arena, const struct run *run, struct err *err)
{
    struct str name = profile_name(self->profile);
    struct str why = last_line(buf_str(&run->said));
    if (run->code != ERR_NONE) {
        *err = run->err;
        if (run->code != ERR_CANCELLED)
            err->code = ERR_AUTH;
        return err_wrap(err, "credential_process of profile '" STR_FMT "'", STR_ARG(name));
    }
    if (run->status != 0)
        return err_set(
            err, ERR_AUTH, "credential_process of profile '" STR_FMT "' ended with %s %d%s" STR_FMT,
            STR_ARG(name), run->status < 0 ? "signal" : "status",
            run->status < 0 ? -run->status : run->status, why.len > 0 ? ": " : "", STR_ARG(why));
    static const struct creds_names s_names = {"AccessKeyId", "SecretAccessKey", "SessionToken",
                                               "Expiration",  "AccountId",       true};
    const char *from = "what credential_process printed";
    struct creds_raw raw;
    enum err_code code = creds_raw_parse(arena, buf_str(&run->out), &s_names, from, &raw, err);
    if (code == ERR_NONE)
        code = creds_keys_take(&self->keys, &raw, from, err);
    return code != ERR_NONE ? err_wrap(err, "profile '" STR_FMT "'", STR_ARG(name)) : ERR_NONE;
}

static enum err_code
ask(struct creds_process *self, struct arena *arena, struct str line, struct err *err)
{
    char **words;
    size_t count = 1;
    struct err broken;
    if (argv_split(arena, line, MAX_WORDS, &words, &count, &broken) != ERR_NONE || count == 0)
        return err_set(
            err, ERR_AUTH, "credential_process of profile '" STR_FMT "': %s",
            STR_ARG(profile_name(self->profile)), count == 0 ? "it is empty" : broken.message);
    struct run run = {
        .options =
            {.argv = words,
             .timeout_ms = self->timeout_ms,
             .cancelled = loop_cancel_flag(self->context.loop)},
        .out = BUF_INIT(MAX_OUT_BYTES),
        .said = BUF_INIT(MAX_SAID_BYTES),
    };
    loop_offload(self->context.loop, run_child, &run);
    enum err_code code = read_run(self, arena, &run, err);
    if (run.out.cap > 0)
        secret_wipe(run.out.ptr, run.out.cap);
    buf_done(&run.out);
    buf_done(&run.said);
    return code;
}

static enum err_code
process_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
{
    struct creds_process *self = (struct creds_process *) provider;
    struct str line = profile_get(self->profile, "credential_process");
    if (line.len == 0)
        return creds_lacks(self->profile, "credential_process", err);
    AUTO(arena_close_wiped) struct arena *arena = arena_new("credential_process", MIB(4));
    enum err_code code = ask(self, arena, line, err);
    if (code == ERR_NONE)
        *ret_creds = &self->keys.creds;
    return code;
}

static void process_close(struct creds_provider *provider)
{
    struct creds_process *self = (struct creds_process *) provider;
    creds_keys_clear(&self->keys);
    xfree(self);
}

static const struct creds_provider_ops s_process_ops = {
    .name = "process", .get = process_get, .close = process_close};

struct creds_provider *creds_process_new(
    const struct creds_context *context, const struct profile *profile, int64_t timeout_ms)
{
    struct creds_process *self = xmalloc(sizeof(*self));
    *self = (struct creds_process){
        .base = {&s_process_ops},
        .context = *context,
        .profile = profile,
        .timeout_ms = timeout_ms > 0 ? timeout_ms : TIMEOUT_MS};
    self->keys.creds.renews = true;
    creds_keys_name(
        &self->keys, "credential_process of profile '" STR_FMT "'", STR_ARG(profile_name(profile)));
    return &self->base;
}
