/* Runs two commands in turn and times each as whole processes, first argument to last exit.
 *
 *     runs ROUNDS COMMAND... -- BASELINE...
 */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

static int64_t run(char **argv)
{
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    pid_t pid = 0;
    int status = 0;
    int64_t start_us = now_us();
    if (posix_spawn(&pid, argv[0], &files, NULL, argv, environ) != 0)
        DIE("cannot run %s", argv[0]);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        DIE("%s ended with status %d", argv[0], status);
    int64_t took_us = now_us() - start_us;
    posix_spawn_file_actions_destroy(&files);
    return took_us;
}

int main(int argc, char **argv)
{
    int split = 2;
    while (split < argc && strcmp(argv[split], "--") != 0)
        split++;
    if (split == 2 || split + 1 >= argc)
        DIE("usage: runs ROUNDS COMMAND... -- BASELINE...");
    argv[split] = NULL;
    char **ours = argv + 2, **baseline = argv + split + 1;
    run(ours); /* pages in, not counted */
    run(baseline);
    for (size_t rounds = number_of(argv[1]); rounds > 0; rounds--) {
        int64_t ours_us = run(ours);
        printf("%jd %jd\n", (intmax_t) ours_us, (intmax_t) run(baseline));
    }
    return 0;
}
