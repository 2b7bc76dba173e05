#include "engine/httpd/header_name.h"

/* RFC 9112, 5.1: a blank before the colon has let one server see a header that another did not. */
static bool is_token(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] <= ' ' || name.ptr[i] == 0x7f || strchr("\"(),/:;<=>?@[\\]{}", name.ptr[i]))
            return false;
    return name.len > 0;
}

/* The library adds a folded line (RFC 9112, 5.2) to the name of its header and not to its value, so
 * that a folded "Transfer-Encoding:" would pass for a header of another name. */
static bool hides_framing(struct str name)
{
    static const struct str framing[] = {STR_INIT("content-length"), STR_INIT("transfer-encoding")};
    for (size_t i = 0; i < ARRAY_LEN(framing); i++)
        if (name.len > framing[i].len &&
            str_eq_nocase(str_slice(name, 0, framing[i].len), framing[i]))
            return true;
    return false;
}

bool header_name_is_sound(struct str name)
{
    return is_token(name) && !hides_framing(name);
}
