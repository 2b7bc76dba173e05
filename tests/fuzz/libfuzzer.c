/* libFuzzer's two doors. The program is linked once, with all targets; its name, or that of a link
 * to it, says which one is meant. */
#include "tests/fuzz/fuzz.h"

#include "engine/base/file.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct fuzz_target *s_target;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void) argc;
    s_target = fuzz_find(path_base(str_from((*argv)[0])));
    if (s_target == NULL) {
        fprintf(stderr, "%s is no target: see tests/fuzz/run.sh\n", (*argv)[0]);
        exit(64);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    s_target->fn(str_of(data, size));
    return 0;
}
