#include "engine/base/host.h"

#include "engine/base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#define START_TIME_FIELD 22 /* of /proc/PID/stat, counted from 1 */

/* A small file of the kernel, without the newline at its end; empty when it cannot be read. */
static struct str read_fact(struct arena *arena, const char *path)
{
    char *text = arena_alloc(arena, 1024);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return STR("");
    ssize_t len = read(fd, text, 1024);
    close(fd);
    return len > 0 ? str_trim((struct str){text, (size_t) len}) : STR("");
}

/* "pid:[4026531836]": the name of the namespace is where the link points to. */
static struct str read_namespace(struct arena *arena)
{
    char *text = arena_alloc(arena, 128);
    ssize_t len = readlink("/proc/self/ns/pid", text, 128);
    return len > 0 ? (struct str){text, (size_t) len} : STR("");
}

/* The name of the program, field 2, may hold anything, so fields are counted behind its ')'. A
 * zombie has ended, whoever has not yet asked for its status. */
static uint64_t start_time_of(struct arena *arena, int64_t pid, bool *ret_ended)
{
    struct str path = str_fmt(arena, "/proc/%lld/stat", (long long) pid);
    struct str rest = read_fact(arena, str_z(arena, path)), field = STR("");
    size_t end = str_rindex(rest, ')');
    uint64_t value = 0;
    *ret_ended = end == SIZE_MAX;
    if (*ret_ended)
        return 0;
    rest = str_trim(str_from_index(rest, end + 1));
    for (int i = 3; i <= START_TIME_FIELD && str_split(&rest, ' ', &field); i++)
        if (i == 3)
            *ret_ended = str_eq(field, STR("Z")) || str_eq(field, STR("X"));
    return str_to_u64(field, &value) ? value : 0;
}

static struct host_process system_self(void *self, struct arena *arena)
{
    (void) self;
    bool ended;
    return (struct host_process){
        .machine = read_fact(arena, "/etc/machine-id"),
        .boot = read_fact(arena, "/proc/sys/kernel/random/boot_id"),
        .pid_namespace = read_namespace(arena),
        .pid = getpid(),
        .start_time = start_time_of(arena, getpid(), &ended)};
}

static bool system_is_alive(void *self, int64_t pid, uint64_t start_time)
{
    (void) self;
    if (pid <= 0 || pid > INT32_MAX)
        return true;
    if (kill((pid_t) pid, 0) != 0 && errno == ESRCH)
        return false;
    AUTO(arena_close) struct arena *arena = arena_new("host", 0);
    bool ended;
    uint64_t started = start_time_of(arena, pid, &ended);
    if (ended)
        return started == 0; /* 0: its entry cannot be read, as under hidepid */
    return started == 0 || start_time == 0 || started == start_time;
}

static const struct host_ops s_system = {system_self, system_is_alive};

struct host host_system(void)
{
    return (struct host){&s_system, NULL};
}

struct host_process host_self(struct host host, struct arena *arena)
{
    if (host.ops == NULL)
        return (struct host_process){.machine = STR(""), .boot = STR(""), .pid_namespace = STR("")};
    return host.ops->self(host.self, arena);
}

bool host_saw_it_end(struct host host, struct arena *arena, const struct host_process *process)
{
    if (host.ops == NULL)
        return false;
    struct host_process own = host_self(host, arena);
    /* Containers can share a machine id that was baked into their image, and many have none; the
     * boot id is the kernel's, and the namespace says whose pids we see. */
    bool here = own.boot.len > 0 && own.pid_namespace.len > 0 &&
                str_eq(own.machine, process->machine) && str_eq(own.boot, process->boot) &&
                str_eq(own.pid_namespace, process->pid_namespace);
    return here && process->pid > 0 &&
           !host.ops->is_alive(host.self, process->pid, process->start_time);
}
