/* libmicrohttpd and nothing else: takes any body and answers with BYTES fixed ones, with the mode
 * and the threads that engine/httpd gives it. Prints its port; ends with standard input.
 *
 *     static_server BYTES THREADS
 */
#include "tests/bench/bench.h"

#include <microhttpd.h>
#include <string.h>
#include <unistd.h>

static enum MHD_Result on_access(
    void *arg,
    struct MHD_Connection *connection,
    const char *url,
    const char *method,
    const char *version,
    const char *upload,
    size_t *upload_size,
    void **context)
{
    static char s_started;
    (void) url, (void) method, (void) version, (void) upload;
    if (*context == NULL) {
        *context = &s_started;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        *upload_size = 0;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, arg);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        DIE("usage: static_server BYTES THREADS");
    size_t bytes = number_of(argv[1]), threads = number_of(argv[2]);
    char *body = malloc(bytes);
    if (body == NULL)
        DIE("no memory");
    memset(body, '0', bytes);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(bytes, body, MHD_RESPMEM_PERSISTENT);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, on_access, response,
        MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? (unsigned) threads : 0, MHD_OPTION_END);
    if (daemon == NULL)
        DIE("the server does not start");
    printf("%u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    MHD_stop_daemon(daemon);
    MHD_destroy_response(response);
    free(body);
    return 0;
}
