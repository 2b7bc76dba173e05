#include "engine/resource/address.h"

bool address_split(struct str address, struct str *ret_base, struct str *ret_index)
{
    size_t open = str_index(address, '[');
    struct str base = str_slice(address, 0, open), index = STR_NULL;
    if (open != SIZE_MAX) {
        if (!str_ends(address, STR("]")))
            return false;
        index = str_slice(address, open + 1, address.len - 1);
        bool quoted = index.len >= 2 && str_starts(index, STR("\"")) && str_ends(index, STR("\""));
        if (quoted)
            index = str_slice(index, 1, index.len - 1);
        if (index.len == 0)
            return false;
    }
    size_t dot = str_index(base, '.');
    if (dot == SIZE_MAX || dot == 0 || dot + 1 == base.len)
        return false;
    *ret_base = base;
    *ret_index = index;
    return true;
}

/* `*` and `?`; goes back to the last star only, so it takes no more than len * len steps. */
static bool glob(struct str pattern, struct str text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, tried = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            tried = t;
        } else if (p < pattern.len && (pattern.ptr[p] == '?' || pattern.ptr[p] == text.ptr[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++tried;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

bool address_matches(struct str pattern, struct str address)
{
    struct str wanted, wanted_index, base, index;
    if (!address_split(pattern, &wanted, &wanted_index) || !address_split(address, &base, &index))
        return false;
    if (!str_eq(wanted, base))
        return false;
    return str_is_null(wanted_index) || (!str_is_null(index) && glob(wanted_index, index));
}
