#include "engine/serve/refusal.h"

#include <stdarg.h>

bool refuse(struct refusal *refusal, int status, const char *fmt, ...)
{
    refusal->status = status;
    va_list args;
    va_start(args, fmt);
    (void) vsnprintf(refusal->reason, sizeof(refusal->reason), fmt, args);
    va_end(args);
    return false;
}
