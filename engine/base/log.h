/* engine/base/log.h - diagnostics for developers, off by default.
 *
 * `MMECTL_LOG=debug` or `aws=debug,plan=info`. Lines go to the sink that main installs (stderr);
 * library code never logs above debug except through events. Secrets never reach a log call.
 * Threads: log calls may come from any thread.
 */
#ifndef ENGINE_BASE_LOG_H
#define ENGINE_BASE_LOG_H

#include "engine/base/str.h"

enum log_level { LOG_LEVEL_OFF, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

typedef void log_sink_fn(enum log_level level, const char *subsystem, const char *message);

/* config as above; unknown words are ignored. A NULL sink turns logging off. */
void log_setup(struct str config, log_sink_fn *sink);
bool log_enabled(enum log_level level, const char *subsystem);
void log_write(enum log_level level, const char *subsystem, const char *fmt, ...) PRINTF_LIKE(3, 4);

#define log_debug(subsystem, ...) \
    do { \
        if (log_enabled(LOG_LEVEL_DEBUG, (subsystem))) \
            log_write(LOG_LEVEL_DEBUG, (subsystem), __VA_ARGS__); \
    } while (0)

#endif
