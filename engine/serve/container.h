/* engine/serve/container.h - the multi-model container's HTTP contract, as SageMaker calls it.
 *
 * GET /ping, GET and POST /models, GET and DELETE /models/{name}, POST /models/{name}/invoke,
 * /invocations, /execution-parameters, and /metrics for Prometheus. Contract:
 * https://docs.aws.amazon.com/sagemaker/latest/dg/mms-container-apis.html; the words of its answers
 * are the model server's (multi-model-server 1.1). Two things are better on purpose: a model that
 * cannot be loaded fails when it is loaded, and a request that cannot be answered is a 4xx with its
 * reason. And POST /models takes "pinned": true, for where models are evicted. To add a route: a
 * row in s_routes. Threads: container_handle() from any.
 */
#ifndef ENGINE_SERVE_CONTAINER_H
#define ENGINE_SERVE_CONTAINER_H

#include "engine/httpd/httpd.h"

struct container;

struct container_options {
    size_t memory_bytes;       /* for loaded models; 0: four fifths of what the machine has */
    size_t max_body;           /* of a request; 0: 6 MiB, SageMaker's own limit */
    unsigned threads;          /* told to batch transform as the concurrency; 0: cores */
    bool no_ensembles;         /* SAGEMAKER_INFERENCE_ENSEMBLE=false */
    bool evicts;               /* as registry.h; and pins as pins.h */
    struct str pins;           /* null: none */
    bool batch;                /* SAGEMAKER_BATCH: CSV answers have a line for each row */
    struct str default_accept; /* SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT; null: application/json */
};

struct container *container_new(const struct container_options *options);
void container_free(struct container *container); /* nothing may be running */
size_t container_max_body(const struct container *container);
/* As POST /models does: what an endpoint with one model starts with. */
enum err_code
container_load(struct container *container, struct str name, struct str path, struct err *err)
    MUST_USE;
void container_handle(
    void *container,
    struct arena *arena,
    const struct httpd_request *request,
    struct httpd_response *response);

/* ---- as a process ---- */

struct container_server {
    struct container_options container;
    const char *address;
    uint16_t port;        /* 0: any free one */
    struct str model_dir; /* one model to load before anything is answered; null: none */
    /* Called once, when requests are answered. */
    void (*on_ready)(void *arg, uint16_t port);
    void *arg;
};

/* Serves until SIGTERM or SIGINT; then answers what is running, for at most four seconds. Blocks
 * these signals for the threads it starts, and SIGPIPE for good. */
enum err_code container_run(const struct container_server *server, struct err *err) MUST_USE;

#endif
