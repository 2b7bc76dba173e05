/* Gives files to a fuzz target, without libFuzzer: corpora and what once crashed, in every build.
 *
 * usage: replay                 the targets: name, longest input, what is read
 *        replay TARGET FILE...  names the file that it dies of */
#define _DEFAULT_SOURCE /* alarm() */
#include "tests/fuzz/fuzz.h"

#include "engine/base/file.h"

#include <signal.h>
#include <unistd.h>

enum { SECONDS_PER_FILE = 20, MAX_BYTES = 1024 * 1024 };

static const char *s_file;

static void died(int number)
{
    struct str parts[] = {STR("dies of "), str_from(s_file), STR("\n")};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (write(STDERR_FILENO, parts[i].ptr, parts[i].len) < 0)
            _exit(70);
    (void) signal(number, SIG_DFL);
    (void) raise(number);
}

/* A copy that ends where the memory does, so that a read beyond the end is seen. */
static void give(const struct fuzz_target *target, struct str bytes)
{
    char *copy = xmalloc(bytes.len);
    if (bytes.len > 0)
        memcpy(copy, bytes.ptr, bytes.len);
    target->fn(str_of(copy, bytes.len));
    xfree(copy);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        for (size_t i = 0; i < fuzz_n_targets; i++)
            printf(
                "%s\t%zu\t%s\n", fuzz_targets[i].name, fuzz_targets[i].max_bytes,
                fuzz_targets[i].what);
        return 0;
    }
    const struct fuzz_target *target = fuzz_find(str_from(argv[1]));
    if (target == NULL) {
        fprintf(stderr, "there is no target '%s'\n", argv[1]);
        return 64;
    }
    (void) signal(SIGABRT, died);
    (void) signal(SIGALRM, died);
    (void) signal(SIGSEGV, died);
    for (int i = 2; i < argc; i++) {
        AUTO(arena_close) struct arena *arena = arena_new("replay", 0);
        struct str bytes;
        struct err err = {0};
        s_file = argv[i];
        if (file_read(arena, argv[i], MAX_BYTES, &bytes, &err) != ERR_NONE) {
            fprintf(stderr, "%s\n", err.message);
            return 66;
        }
        (void) alarm(SECONDS_PER_FILE);
        give(target, bytes);
        (void) alarm(0);
    }
    printf("%s: %d inputs\n", target->name, argc - 2);
    return 0;
}
