#include "tests/sim/wire.h"

#include "tests/sim/faults.h"
#include "tests/sim/watch.h"

#include "engine/base/arena.h"

#include <stdio.h>

struct str wire_operation(const struct http_request *request)
{
    struct str target = http_header_get(request->headers, request->n_headers, "x-amz-target");
    return str_from_index(target, str_index(target, '.') + 1);
}

bool wire_is_mutating(const struct http_request *request)
{
    static const char *const reads[] = {"Describe", "List", "Get", "Search", "Filter"};
    if (str_eq(request->method, STR("GET")) || str_eq(request->method, STR("HEAD")))
        return false;
    struct str operation = wire_operation(request);
    for (size_t i = 0; i < ARRAY_LEN(reads); i++)
        if (str_starts(operation, str_from(reads[i])))
            return false;
    return !str_starts(request->body, STR("Action=Get"));
}

void wire_name(const struct http_request *request, char *text, size_t size)
{
    struct str operation = wire_operation(request);
    struct str path = str_from_index(request->url, STR("http://127.0.0.1:1").len);
    if (operation.len > 0)
        snprintf(text, size, STR_FMT, STR_ARG(operation));
    else
        snprintf(text, size, STR_FMT " " STR_FMT, STR_ARG(request->method), STR_ARG(path));
}

enum err_code wire_deliver(
    struct wire *wire,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *ret_response,
    struct err *err)
{
    struct account *account = wire->account;
    bool mutating = wire_is_mutating(request);
    if (mutating)
        watch_before(account, request);
    enum err_code code = http_send(account->wire, arena, request, ret_response, err);
    if (mutating)
        watch_after(account, request);
    account->requests++;
    return code;
}

static enum err_code killed(struct err *err)
{
    return err_set(err, ERR_CANCELLED, "the process is dead");
}

static void die(struct wire *wire)
{
    wire->dead = true;
    if (wire->own_loop)
        loop_cancel(wire->loop);
}

/* What a proxy kept back and sends once more. */
static void deliver_again(struct wire *wire)
{
    if (wire->later.again_at == 0 || wire->requests < wire->later.again_at)
        return;
    wire->later.again_at = 0;
    struct arena *arena = arena_new("late", 0);
    struct http_response ignored;
    struct err err = {0};
    (void) wire_deliver(wire, arena, &wire->later.again, &ignored, &err);
    arena_free(arena);
}

static enum err_code strike(
    struct wire *wire,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *ret_response,
    struct err *err)
{
    struct http_response unheard = {0};
    wire->struck = true;
    wire->struck_ms = wire->account->now_ms;
    wire_name(request, wire->what, sizeof(wire->what));
    switch (wire->strike) {
    case STRIKE_BEFORE:
        die(wire);
        return killed(err);
    case STRIKE_EFFECT:
        (void) wire_deliver(wire, arena, request, &unheard, err);
        die(wire);
        return killed(err);
    case STRIKE_FAULT:
        if (!fault_applies(wire->fault, request))
            break;
        return fault_play(wire, arena, request, ret_response, err);
    case STRIKE_PAUSE:
        wire->pause(wire);
        break;
    case STRIKE_INTERRUPT:
        loop_cancel(wire->loop);
        break;
    case STRIKE_AFTER:
    case STRIKE_NONE:
        break;
    }
    enum err_code code = wire_deliver(wire, arena, request, ret_response, err);
    if (wire->strike == STRIKE_AFTER)
        die(wire);
    return code;
}

static void trace(const struct wire *wire, const struct http_request *request, int status)
{
    char name[200];
    wire_name(request, name, sizeof(name));
    fprintf(
        stderr, "  %6zu %12lld %s%s -> %d  %s\n", wire->requests, (long long) wire->account->now_ms,
        wire_is_mutating(request) ? "* " : "", name, status,
        !wire->struck || wire->requests != wire->nth ? ""
        : wire->fault != NULL                        ? fault_name(wire->fault)
                                                     : "struck here");
}

static void note_faults(struct wire *wire, const struct http_request *request)
{
    if (wire->masks == NULL || wire->requests > wire->n_masks)
        return;
    uint64_t mask = 0;
    for (size_t i = 0; i < fault_count(); i++)
        mask |= fault_applies(fault_at(i), request) ? UINT64_C(1) << i : 0;
    if (str_find(request->url, STR("/control/lease")) != SIZE_MAX)
        mask |= WIRE_LEASE;
    wire->masks[wire->requests - 1] = mask;
}

static enum err_code wire_send(
    struct http_transport *self,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *ret_response,
    struct err *err)
{
    struct wire *wire = (struct wire *) self;
    if (wire->dead)
        return killed(err);
    if (wire->turn != NULL)
        wire->turn(wire);
    else
        loop_sleep_ms(wire->loop, 1 + (int64_t) rng_below(&wire->rng, wire->longest_ms));
    if (wire->dead)
        return killed(err);
    wire->requests++;
    wire->mutating += wire_is_mutating(request);
    deliver_again(wire);
    note_faults(wire, request);
    enum err_code code = ERR_NONE;
    if (wire->strike != STRIKE_NONE && wire->requests == wire->nth)
        code = strike(wire, arena, request, ret_response, err);
    else if (!fault_continues(wire, request, ret_response))
        code = wire_deliver(wire, arena, request, ret_response, err);
    if (wire->trace)
        trace(wire, request, code == ERR_NONE ? ret_response->status : 0);
    return code;
}

/* The wire lives in its run. */
static void wire_close(struct http_transport *self)
{
    (void) self;
}

void wire_init(struct wire *wire, struct account *account, struct loop *loop)
{
    static const struct http_transport_ops ops = {"simulated", wire_send, wire_close};
    *wire = (struct wire){.base = {&ops}, .account = account, .loop = loop, .longest_ms = 1};
    rng_seed(&wire->rng, rng_u64(&account->rng));
}
