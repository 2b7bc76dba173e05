/* YAML as a spec: read, checked, expanded to a stack per region. What is wrong has a place; nothing
 * wrong is no spec. */
#define _GNU_SOURCE /* memfd_create() */
#include "tests/fuzz/fuzz.h"

#include "specs/spec.h"
#include "specs/yaml_doc.h"

#include <sys/mman.h>
#include <unistd.h>

static const char *no_variable(const char *name)
{
    (void) name;
    return NULL;
}

static void load(struct str path, struct str region, bool set)
{
    AUTO(arena_close) struct arena *arena = arena_new("fuzz", 0);
    struct spec_pair pair = {.name = STR("v"), .value = STR("from --set")};
    struct spec_options options = {
        .sets = &pair, .n_sets = set ? 1 : 0, .region = region, .getenv = no_variable};
    struct diags diags;
    struct spec_list specs = {0};
    struct err err = {0};
    diags_init(&diags, arena);
    enum err_code code = spec_load(arena, &path, 1, &options, &diags, &specs, &err);
    FUZZ_HOLDS(code == ERR_NONE || code == ERR_SPEC);
    FUZZ_HOLDS((code == ERR_SPEC) == (diags.n_errors > 0));
    FUZZ_HOLDS(code != ERR_NONE || specs.len > 0);
    diags_sort(&diags);
    for (size_t i = 0; i < diags.list.len; i++) {
        const struct diag *diag = &diags.list.items[i];
        FUZZ_HOLDS(diag->message.len > 0 && diag->message.len <= 1024);
        bool elsewhere = diag->at.file != NULL && diag->at.file[0] == '-';
        FUZZ_HOLDS(diag->at.line > 0 || set || elsewhere);
        for (size_t at = 0; at < diag->message.len; at++)
            FUZZ_HOLDS((unsigned char) diag->message.ptr[at] >= 0x20);
    }
}

void fuzz_spec(struct str input)
{
    char path[40];
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    FUZZ_HOLDS(fd >= 0 && write(fd, input.ptr, input.len) == (ssize_t) input.len);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    load(str_from(path), STR_NULL, false);
    load(str_from(path), STR("eu-west-1"), true);
    close(fd);
}
