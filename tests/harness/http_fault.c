#include "tests/harness/http_fault.h"

#include "engine/base/arena.h"

#include <stdio.h>

struct fault_transport {
    struct http_transport base;
    struct http_fault *fault;
};

/* "SageMaker.CreateModel" -> "CreateModel"; null for S3 and STS. */
static struct str operation_of(const struct http_request *request)
{
    struct str target = http_header_get(request->headers, request->n_headers, "x-amz-target");
    return str_from_index(target, str_index(target, '.') + 1);
}

bool http_is_mutating(const struct http_request *request)
{
    static const char *const reads[] = {"Describe", "List", "Get", "Search", "Filter"};
    if (str_eq(request->method, STR("GET")) || str_eq(request->method, STR("HEAD")))
        return false;
    struct str operation = operation_of(request);
    for (size_t i = 0; i < ARRAY_LEN(reads); i++)
        if (str_starts(operation, str_from(reads[i])))
            return false;
    return !str_starts(request->body, STR("Action=Get"));
}

static void name_request(struct http_fault *fault, const struct http_request *request)
{
    struct str operation = operation_of(request);
    if (operation.len > 0)
        snprintf(fault->what, sizeof(fault->what), STR_FMT, STR_ARG(operation));
    else
        snprintf(
            fault->what, sizeof(fault->what), STR_FMT " " STR_FMT, STR_ARG(request->method),
            STR_ARG(request->url));
}

static enum err_code fault_send(
    struct http_transport *self,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *ret_response,
    struct err *err)
{
    struct http_fault *fault = ((struct fault_transport *) self)->fault;
    if (fault->down)
        return err_set(err, ERR_CANCELLED, "the process is dead");
    fault->requests++;
    bool mutating = http_is_mutating(request);
    bool named = fault->operation != NULL && str_eq_z(operation_of(request), fault->operation);
    fault->mutating += mutating;
    fault->of_operation += named;
    size_t count = fault->operation != NULL ? fault->of_operation : fault->mutating;
    bool counts = fault->operation != NULL ? named : mutating;
    if (!counts || count != fault->nth)
        return http_send(fault->inner, arena, request, ret_response, err);
    fault->struck = true;
    fault->down = fault->loss == LOSS_REST;
    name_request(fault, request);
    struct http_response unheard;
    enum err_code code = ERR_NONE;
    if (fault->loss != LOSS_REQUEST)
        code = http_send(fault->inner, arena, request, &unheard, err);
    return code != ERR_NONE ? code : err_set(err, ERR_TRANSIENT, "connection reset by peer");
}

static void fault_close(struct http_transport *self)
{
    xfree(self);
}

struct http_transport *http_fault_new(struct http_fault *fault)
{
    static const struct http_transport_ops ops = {"fault", fault_send, fault_close};
    struct fault_transport *transport = xmalloc(sizeof(*transport));
    *transport = (struct fault_transport){.base = {&ops}, .fault = fault};
    return &transport->base;
}
