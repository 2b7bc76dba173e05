#include "engine/aws/creds_metadata.h"

#define MAX_ANSWER_BYTES KIB(64)
#define BETWEEN_MS 1000 /* botocore's ContainerMetadataFetcher.SLEEP_TIME */

enum err_code metadata_ask(
    const struct creds_context *context,
    struct arena *arena,
    const struct metadata_question *question,
    struct http_response *ret_response,
    struct err *err)
{
    struct http_header header = question->header;
    const struct http_request request = {
        .method = str_from(question->method),
        .url = question->url,
        .headers = &header,
        .n_headers = str_is_null(header.name) ? 0 : 1,
        .timeout_ms = question->timeout_ms,
        .max_body = MAX_ANSWER_BYTES,
        .direct = true,
    };
    for (unsigned attempt = 1;; attempt++) {
        struct err local = {0};
        struct http_response response = {.status = 0};
        enum err_code code = http_send(context->http, arena, &request, &response, &local);
        bool again = code == ERR_TRANSIENT || code == ERR_TIMEOUT || response.status >= 500 ||
                     response.status == 429;
        if (again && attempt < question->attempts && !loop_cancelled(context->loop)) {
            loop_sleep_ms(context->loop, BETWEEN_MS);
            continue;
        }
        if (code != ERR_NONE)
            *err = local;
        else
            *ret_response = response;
        return code;
    }
}
