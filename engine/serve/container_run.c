#include "engine/base/str.h"
#include "engine/httpd/quick.h"
#include "engine/serve/container.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>

/* SageMaker kills 30 s after SIGTERM; whoever waits for a deployment is glad of less. */
enum { STOP_WAIT_S = 4 };

/* SAGEMAKER_MULTI_MODEL is not set: one model, under any name. */
static const struct str s_only = STR_INIT("model");

/* A load takes some megabytes for a moment. Given back to the system each time, they would have to
 * be asked for and zeroed again for the next one, which is a good part of what a load takes. */
static void keep_memory(void)
{
    (void) mallopt(M_MMAP_THRESHOLD, (int) MIB(4));
    (void) mallopt(M_TRIM_THRESHOLD, (int) MIB(16));
}

enum err_code container_run(const struct container_server *server, struct err *err)
{
    sigset_t ends;
    keep_memory();
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* before any thread, which all inherit it */
    signal(SIGPIPE, SIG_IGN);
    struct container *container = container_new(&server->container);
    struct quick *quick = NULL;
    const struct quick_options http = {
        .address = server->address,
        .port = server->port,
        .threads = server->container.threads,
        .stop_wait_s = STOP_WAIT_S,
        .max_body = container_max_body(container),
        .handler = container_handle,
        .arg = container};
    enum err_code code = ERR_NONE;
    if (!str_is_null(server->model_dir))
        code = container_load(container, s_only, server->model_dir, err);
    if (code == ERR_NONE)
        code = quick_start(&http, &quick, err);
    if (code == ERR_NONE) {
        int signal = 0;
        server->on_ready(server->arg, quick_port(quick));
        while (sigwait(&ends, &signal) != 0) {
        }
        quick_stop(quick);
    }
    container_free(container);
    return code;
}
