/* Calls to `mmectl serve` with one small model loaded: "METHOD TARGET", "name: value" lines, an
 * empty line and the body. Each has an answer, and none is a 500; the model answers afterwards as
 * it did before. */
#include "tests/fuzz/fuzz.h"

#include "engine/base/file.h"
#include "engine/serve/container.h"

#include <stdlib.h>
#include <unistd.h>

enum { MAX_HEADERS = 16 };

#define MODEL "tests/fuzz/corpus/model/gbtree_binary"

static struct container *container_with_model(void)
{
    struct container_options options = {.memory_bytes = MIB(64), .threads = 1};
    struct container *container = container_new(&options);
    struct err err = {0};
    enum err_code code = container_load(container, STR("m"), STR(MODEL), &err);
    if (code != ERR_NONE)
        fprintf(stderr, "%s\n", err.message);
    FUZZ_HOLDS(code == ERR_NONE);
    return container;
}

static struct httpd_response
call(struct container *container, struct arena *arena, const struct httpd_request *request)
{
    struct httpd_response response = {.body_fd = -1};
    container_handle(container, arena, request, &response);
    if (response.work != NULL)
        response.work(response.work_arg, arena, &response);
    FUZZ_HOLDS(response.status >= 200 && response.status < 600);
    FUZZ_HOLDS(response.body_fd == -1);
    if (response.status == 500)
        fprintf(stderr, STR_FMT "\n", STR_ARG(response.body));
    FUZZ_HOLDS(response.status != 500);
    return response;
}

static struct str predict(struct container *container, struct arena *arena)
{
    struct httpd_header type = {STR("Content-Type"), STR("text/csv")};
    struct httpd_request request = {
        .method = STR("POST"),
        .target = STR("/models/m/invoke"),
        .headers = &type,
        .n_headers = 1,
        .body = STR("1,2,3"),
        .body_len = 5,
        .body_fd = -1};
    struct httpd_response response = call(container, arena, &request);
    return response.status == 200 ? response.body : STR("");
}

void fuzz_serve(struct str input)
{
    static struct container *s_container;
    AUTO(arena_close) struct arena *arena = arena_new("fuzz", 0);
    struct httpd_header headers[MAX_HEADERS];
    struct str rest = input, line = fuzz_line(&rest), method = STR("GET");
    if (s_container == NULL)
        s_container = container_with_model();
    if (!str_split(&line, ' ', &method) || line.len == 0)
        return;
    struct httpd_request request = {
        .method = method, .target = line, .headers = headers, .body_fd = -1};
    for (line = fuzz_line(&rest); line.len > 0 && request.n_headers < MAX_HEADERS;
         line = fuzz_line(&rest)) {
        size_t colon = str_index(line, ':');
        headers[request.n_headers++] = (struct httpd_header){
            str_slice(line, 0, colon),
            colon == SIZE_MAX ? STR("") : str_trim(str_from_index(line, colon + 1))};
    }
    request.body = rest.len > 0 ? rest : STR("");
    request.body_len = request.body.len;
    struct str before = predict(s_container, arena);
    FUZZ_HOLDS(before.len > 0);
    (void) call(s_container, arena, &request);
    if (str_starts(request.target, STR("/models")) && !str_eq_z(method, "GET") &&
        str_find(request.target, STR("invo")) == SIZE_MAX) {
        container_free(s_container); /* models were loaded or unloaded */
        s_container = container_with_model();
    }
    FUZZ_HOLDS(str_eq(before, predict(s_container, arena)));
}
