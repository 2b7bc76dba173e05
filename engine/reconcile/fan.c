#include "engine/reconcile/fan.h"

#include "engine/base/arena.h"

struct fan {
    fan_fn *work;
    void *arg;
    size_t count, next;
    struct err *err;
    enum err_code code;
};

static void worker(void *arg)
{
    struct fan *fan = arg;
    while (fan->code == ERR_NONE && fan->next < fan->count) {
        struct err err = {0};
        enum err_code code = fan->work(fan->arg, fan->next++, &err);
        if (code != ERR_NONE && fan->code == ERR_NONE) {
            *fan->err = err;
            fan->code = code;
        }
    }
}

enum err_code fan_out(
    struct loop *loop, struct arena *arena, size_t count, fan_fn *work, void *arg, struct err *err)
{
    struct fan fan = {.work = work, .arg = arg, .count = count, .err = err};
    size_t width = count < FAN_WIDTH ? count : FAN_WIDTH;
    struct task **tasks = ARENA_ARRAY(arena, width, struct task *);
    for (size_t i = 0; i < width; i++)
        tasks[i] = loop_spawn(loop, worker, &fan);
    for (size_t i = 0; i < width; i++)
        loop_join(loop, tasks[i]);
    return fan.code;
}
