#include "cmd/exit.h"

static const struct exit_info s_exits[] = {
#define EXIT_ROW(name, value, meaning) {(value), (meaning)},
    EXIT_LIST(EXIT_ROW)
#undef EXIT_ROW
};

size_t exit_count(void)
{
    return ARRAY_LEN(s_exits);
}

struct exit_info exit_info_at(size_t index)
{
    return s_exits[index];
}

enum exit_code exit_of_err(enum err_code code)
{
    switch (code) {
    case ERR_NONE:
        return EXIT_CODE_OK;
    case ERR_USAGE:
        return EXIT_CODE_USAGE;
    case ERR_LOCKED:
        return EXIT_CODE_LOCKED;
    case ERR_PRECONDITION:
        return EXIT_CODE_STALE;
    case ERR_ROLLED_BACK:
        return EXIT_CODE_ROLLED_BACK;
    case ERR_PARTIAL:
        return EXIT_CODE_PARTIAL;
    case ERR_REFUSED:
        return EXIT_CODE_REFUSED;
    case ERR_CANCELLED:
        return EXIT_CODE_SIGINT;
    case ERR_INTERNAL:
        return EXIT_CODE_INTERNAL;
    case ERR_SPEC:
    case ERR_NOT_FOUND:
    case ERR_EXISTS:
    case ERR_CONFLICT:
    case ERR_BUSY:
    case ERR_AUTH:
    case ERR_DENIED:
    case ERR_THROTTLED:
    case ERR_TRANSIENT:
    case ERR_TIMEOUT:
    case ERR_TERMINAL:
    case ERR_QUOTA:
    case ERR_PROTOCOL:
    case ERR_IO:
        return EXIT_CODE_ERROR;
    }
    return EXIT_CODE_INTERNAL;
}

/* Position in the order of badness; see decision of exit statuses in the README. */
static int badness(enum exit_code code)
{
    if (code == EXIT_CODE_SIGINT || code == EXIT_CODE_SIGTERM)
        return 1000;
    if (code == EXIT_CODE_INTERNAL)
        return 900;
    if (code == EXIT_CODE_ROLLED_BACK)
        return 800;
    if (code == EXIT_CODE_PARTIAL)
        return 700;
    /* An error outweighs "there are changes". */
    return code == EXIT_CODE_CHANGES ? 1 : (int) code * 2;
}

enum exit_code exit_worst(enum exit_code a, enum exit_code b)
{
    return badness(b) > badness(a) ? b : a;
}

enum exit_code exit_of_regions(const enum exit_code *codes, size_t count)
{
    enum exit_code worst = EXIT_CODE_OK;
    bool well = false;
    for (size_t i = 0; i < count; i++) {
        worst = exit_worst(worst, codes[i]);
        well = well || codes[i] == EXIT_CODE_OK;
    }
    if (well && worst != EXIT_CODE_OK)
        worst = exit_worst(worst, EXIT_CODE_PARTIAL);
    return worst;
}
