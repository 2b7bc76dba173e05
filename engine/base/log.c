#include "engine/base/log.h"

#include <stdarg.h>

#define MAX_RULES 16

/* Set up once by main before any thread exists, read-only afterwards. */
static struct {
    log_sink_fn *sink;
    struct {
        char subsystem[16]; /* "" = every one */
        enum log_level level;
    } rules[MAX_RULES];
    size_t n_rules;
} s_log;

static enum log_level level_of(struct str word)
{
    if (str_eq(word, STR("debug")))
        return LOG_LEVEL_DEBUG;
    if (str_eq(word, STR("info")))
        return LOG_LEVEL_INFO;
    return str_eq(word, STR("warn")) ? LOG_LEVEL_WARN : LOG_LEVEL_OFF;
}

void log_setup(struct str config, log_sink_fn *sink)
{
    s_log.sink = sink;
    s_log.n_rules = 0;
    struct str rule;
    while (s_log.n_rules < MAX_RULES && str_split(&config, ',', &rule)) {
        size_t equals = str_index(rule, '=');
        struct str subsystem = equals == SIZE_MAX ? STR("") : str_slice(rule, 0, equals);
        struct str level = equals == SIZE_MAX ? rule : str_from_index(rule, equals + 1);
        if (subsystem.len >= sizeof(s_log.rules[0].subsystem))
            continue;
        if (subsystem.len > 0)
            memcpy(s_log.rules[s_log.n_rules].subsystem, subsystem.ptr, subsystem.len);
        s_log.rules[s_log.n_rules].subsystem[subsystem.len] = '\0';
        s_log.rules[s_log.n_rules].level = level_of(str_trim(level));
        s_log.n_rules++;
    }
}

bool log_enabled(enum log_level level, const char *subsystem)
{
    if (s_log.sink == NULL)
        return false;
    for (size_t i = 0; i < s_log.n_rules; i++) {
        const char *name = s_log.rules[i].subsystem;
        if ((name[0] == '\0' || strcmp(name, subsystem) == 0) && level <= s_log.rules[i].level)
            return true;
    }
    return false;
}

void log_write(enum log_level level, const char *subsystem, const char *fmt, ...)
{
    if (!log_enabled(level, subsystem))
        return;
    char message[2048];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    s_log.sink(level, subsystem, message);
}
