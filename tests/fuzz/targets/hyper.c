/* Hyperparameters, a "name=value" a line, judged as the container does; and the readings of single
 * values. */
#include "tests/fuzz/fuzz.h"

#include "engine/xgb/hyper.h"
#include "engine/xgb/hyper_parse.h"

enum { MAX_VALUES = 60 };

struct seen {
    size_t faults, count;
};

static void on_fault(void *arg, size_t index, struct str message)
{
    struct seen *seen = arg;
    FUZZ_HOLDS(index == SIZE_MAX || index < seen->count);
    FUZZ_HOLDS(message.len > 0);
    seen->faults++;
}

static void as_value(struct arena *arena, struct str text)
{
    int64_t whole = 0;
    double number = 0;
    struct py_ints ints = {0};
    struct str again, shown;
    if (py_int(text, &whole))
        FUZZ_HOLDS(py_float(text, &number));
    if (py_float(text, &number)) {
        double back = 0;
        FUZZ_HOLDS(py_float(py_float_text(arena, number), &back));
        FUZZ_HOLDS(memcmp(&back, &number, sizeof(back)) == 0);
    }
    (void) py_list_text(arena, text);
    if (py_int_tuple(arena, text, &ints, &shown)) {
        struct py_ints twice = {0};
        FUZZ_HOLDS(py_int_tuple(arena, shown, &twice, &again));
        FUZZ_HOLDS(ints.list.len == twice.list.len && str_eq(shown, again));
    }
    ints = (struct py_ints){0};
    if (py_nested_list(arena, text, &ints, &shown)) {
        struct py_ints twice = {0};
        FUZZ_HOLDS(py_nested_list(arena, shown, &twice, &again));
        FUZZ_HOLDS(ints.list.len == twice.list.len && str_eq(shown, again));
    }
}

void fuzz_hyper(struct str input)
{
    AUTO(arena_close) struct arena *arena = arena_new("fuzz", 0);
    struct hyper_value values[MAX_VALUES];
    size_t count = 0;
    struct str rest = input, line;
    while (count < MAX_VALUES && str_split(&rest, '\n', &line)) {
        size_t equals = str_index(line, '=');
        struct str value = equals == SIZE_MAX ? STR("") : str_from_index(line, equals + 1);
        values[count++] = (struct hyper_value){str_slice(line, 0, equals), value};
        as_value(arena, value);
        struct str near = hyper_nearest(str_slice(line, 0, equals));
        FUZZ_HOLDS(str_is_null(near) || near.len > 0);
    }
    struct seen seen = {.count = count};
    FUZZ_HOLDS(hyper_check(arena, values, count, on_fault, &seen) == seen.faults);
    (void) hyper_evaluates(values, count, STR("auc"));
}
