#include "engine/base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>

static const struct {
    const char *name, *meaning;
} s_codes[] = {
#define ERR_ROW(name, meaning) {#name, meaning},
    ERR_LIST(ERR_ROW)
#undef ERR_ROW
};

enum err_code
err_set_at(struct err *err, enum err_code code, const char *func, int line, const char *fmt, ...)
{
    assert(code != ERR_NONE);
    *err = (struct err){.code = code, .func = func, .src_line = line};
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->message, sizeof(err->message), fmt, args);
    va_end(args);
    return code;
}

enum err_code err_wrap(struct err *err, const char *fmt, ...)
{
    char prefix[512], inner[sizeof(err->message)];
    va_list args;
    va_start(args, fmt);
    vsnprintf(prefix, sizeof(prefix), fmt, args);
    va_end(args);
    memcpy(inner, err->message, sizeof(inner));
    int len = snprintf(err->message, sizeof(err->message), "%s: ", prefix);
    size_t used = len < 0 ? 0 : (size_t) len;
    if (used < sizeof(err->message))
        snprintf(err->message + used, sizeof(err->message) - used, "%s", inner);
    return err->code;
}

enum err_code err_hint(struct err *err, const char *fmt, ...)
{
    if (err->hint[0] != '\0')
        return err->code;
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->hint, sizeof(err->hint), fmt, args);
    va_end(args);
    return err->code;
}

enum err_code err_locate(struct err *err, struct srcloc at)
{
    if (err->at.line == 0 && err->at.file == NULL)
        err->at = at;
    return err->code;
}

enum err_code err_errno(struct err *err, int errno_value, const char *fmt, ...)
{
    char what[512], reason[128];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    if (strerror_r(errno_value, reason, sizeof(reason)) != 0)
        snprintf(reason, sizeof(reason), "error %d", errno_value);
    enum err_code code = errno_value == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    err_set(err, code, "%s: %s", what, reason);
    if (errno_value == ENOSPC)
        err_hint(err, "free some space on that disk and run the same command again");
    else if (errno_value == EACCES || errno_value == EPERM)
        err_hint(err, "check the owner and the mode of the file and of its folder");
    return code;
}

const char *err_name(enum err_code code)
{
    return (size_t) code < ARRAY_LEN(s_codes) ? s_codes[code].name : "?";
}

bool err_may_pass(enum err_code code)
{
    return code == ERR_TRANSIENT || code == ERR_THROTTLED || code == ERR_TIMEOUT;
}

const char *err_meaning(enum err_code code)
{
    return (size_t) code < ARRAY_LEN(s_codes) ? s_codes[code].meaning : "?";
}
