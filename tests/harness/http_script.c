#include "tests/harness/http_script.h"

#include "tests/harness/test.h"

struct script_transport {
    struct http_transport base;
    struct script *script;
};

/* ---- time ---- */

static int64_t script_clock(void *self)
{
    return ((struct script *) self)->now_ms;
}

static const struct clock_ops s_clock_ops = {.wall_ms = script_clock, .mono_ms = script_clock};

static void script_poll(void *self, int64_t timeout_ms, int wake_fd)
{
    struct script *script = self;
    (void) wake_fd;
    if (timeout_ms < 0)
        fail_msg("every task waits and nothing can wake one");
    if (script->cancel_in_wait) {
        loop_cancel(script->loop);
        return;
    }
    script->now_ms += timeout_ms;
    script->waited_ms += timeout_ms;
}

static const struct loop_poller_ops s_poller_ops = {.poll = script_poll};

/* ---- the transport ---- */

static void surprise(struct script *script, const char *what, struct str wanted, struct str got)
{
    if (script->wrong[0] == '\0')
        snprintf(
            script->wrong, sizeof(script->wrong),
            "step %zu: %s\n  expected '" STR_FMT "'\n       got '" STR_FMT "'", script->at, what,
            STR_ARG(wanted), STR_ARG(got));
}

static void
check_header(struct script *script, const struct http_request *request, const char *wanted)
{
    if (wanted[0] == '!') {
        struct str value = http_header_get(request->headers, request->n_headers, wanted + 1);
        if (!str_is_null(value))
            surprise(script, "header that must not be sent", str_from(wanted + 1), value);
        return;
    }
    bool part = wanted[0] == '~';
    struct str line = str_from(part ? wanted + 1 : wanted);
    size_t colon = str_index(line, ':');
    const char *name = str_z(script->arena, str_slice(line, 0, colon));
    struct str value = http_header_get(request->headers, request->n_headers, name);
    struct str text = str_trim(str_from_index(line, colon + 1));
    if (part ? str_find(value, text) == SIZE_MAX : !str_eq(value, text))
        surprise(script, "header", line, value);
}

static void check_request(
    struct script *script, const struct http_step *step, const struct http_request *request)
{
    struct str line = str_fmt(
        script->arena, STR_FMT " " STR_FMT, STR_ARG(request->method), STR_ARG(request->url));
    if (step->expect != NULL && !str_eq_z(line, step->expect))
        surprise(script, "request", str_from(step->expect), line);
    for (size_t i = 0; i < SCRIPT_MAX_HAS && step->has[i] != NULL; i++)
        check_header(script, request, step->has[i]);
    if (step->body != NULL && !str_eq_z(request->body, step->body))
        surprise(script, "body", str_from(step->body), request->body);
}

static void read_headers(struct arena *arena, const char *lines, struct http_response *response)
{
    struct str rest = str_from(lines), line;
    response->headers = ARENA_ARRAY(arena, 32, struct http_header);
    while (str_split(&rest, '\n', &line)) {
        size_t colon = str_index(line, ':');
        if (colon != SIZE_MAX)
            response->headers[response->n_headers++] = (struct http_header){
                str_dup(arena, str_slice(line, 0, colon)),
                str_dup(arena, str_trim(str_from_index(line, colon + 1)))};
    }
}

static enum err_code script_send(
    struct http_transport *transport,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *ret_response,
    struct err *err)
{
    struct script *script = ((struct script_transport *) transport)->script;
    if (script->at == script->count) {
        surprise(script, "no more requests expected", STR(""), request->url);
        return err_set(err, ERR_INTERNAL, "the script is at its end");
    }
    const struct http_step *step = &script->steps[script->at];
    if (script->at < ARRAY_LEN(script->amz_dates))
        snprintf(
            script->amz_dates[script->at], sizeof(script->amz_dates[0]), STR_FMT,
            STR_ARG(http_header_get(request->headers, request->n_headers, "x-amz-date")));
    check_request(script, step, request);
    script->at++;
    script->in_flight++;
    if (script->in_flight > script->most_in_flight)
        script->most_in_flight = script->in_flight;
    if (step->takes_ms > 0) {
        int64_t before = script->waited_ms;
        loop_sleep_ms(script->loop, step->takes_ms);
        script->waited_ms = before;
    }
    script->in_flight--;
    if (step->fail != ERR_NONE) {
        err_set(err, step->fail, "the exchange broke off");
        err->aws.not_sent = step->not_sent;
        return err->code;
    }
    struct http_response response = {.status = step->status, .total_us = step->takes_ms * 1000};
    read_headers(arena, step->headers, &response);
    response.body = str_dup(arena, str_from(step->reply != NULL ? step->reply : ""));
    *ret_response = response;
    return ERR_NONE;
}

static void script_transport_close(struct http_transport *transport)
{
    xfree(transport);
}

static const struct http_transport_ops s_transport_ops = {
    .name = "script", .send = script_send, .close = script_transport_close};

/* ---- life ---- */

void script_open(
    struct script *script,
    const char *region,
    const char *account,
    const char *endpoint_url,
    env_fn *env)
{
    *script = (struct script){.now_ms = SCRIPT_NOW_MS};
    struct clock clock = {&s_clock_ops, script};
    struct script_transport *transport = xmalloc(sizeof(*transport));
    *transport = (struct script_transport){.base = {&s_transport_ops}, .script = script};
    script->transport = &transport->base;
    script->arena = arena_new("script", 0);
    script->loop = loop_new(clock);
    loop_set_offload(script->loop, 0);
    loop_set_poller(script->loop, &s_poller_ops, script);
    rng_seed(&script->rng, 7);
    script->creds =
        creds_static_new(STR("AKIDEXAMPLE"), STR("SECRETEXAMPLE"), STR_NULL, "the test");
    struct aws_options options = {
        .loop = script->loop,
        .clock = clock,
        .rng = &script->rng,
        .http = script->transport,
        .creds = script->creds,
        .region = str_from(region),
        .endpoint_url = str_from(endpoint_url),
        .env = env,
    };
    struct err err = {0};
    assert_ok(aws_new(&options, &script->aws, &err), &err);
    if (account != NULL)
        aws_set_account(script->aws, str_from(account));
}

void script_run(
    struct script *script, const struct http_step *steps, size_t count, task_fn *fn, void *arg)
{
    script->steps = steps;
    script->count = count;
    script->at = 0;
    loop_run(script->loop, fn, arg);
}

void script_check(const struct script *script, const char *name)
{
    if (script->wrong[0] != '\0')
        fail_msg("%s: %s", name, script->wrong);
    if (script->at != script->count)
        fail_msg("%s: %zu of %zu requests were sent", name, script->at, script->count);
}

void script_close(struct script *script)
{
    aws_free(script->aws);
    creds_close(script->creds);
    http_close(script->transport);
    loop_free(script->loop);
    arena_free(script->arena);
}
