/* How much memory an instance type has; AWS keeps the ratio to vCPUs constant within a family. */
#include "engine/local/fleet.h"

#define GIB(n) (MIB(1024) * (n))

/* GiB of memory per vCPU, by the first letters of the family. */
static size_t gib_per_vcpu(struct str family)
{
    switch (family.len > 0 ? family.ptr[0] : 'm') {
    case 'c':
        return 2;
    case 'r':
        return 8;
    case 't':
    case 'm':
    default:
        return 4;
    }
}

size_t fleet_instance_memory(struct str type)
{
    struct str rest = type, family = STR_NULL, part = STR_NULL;
    int64_t times = 1;

    str_split(&rest, '.', &part);
    str_split(&rest, '.', &family);
    if (str_eq_z(rest, "medium"))
        return GIB(4);
    if (str_eq_z(rest, "large"))
        return GIB(2 * gib_per_vcpu(family));
    if (str_ends(rest, STR("xlarge"))) {
        if (rest.len > 6 && !str_to_i64(str_slice(rest, 0, rest.len - 6), &times))
            times = 1;
        return GIB(4 * (size_t) (times < 1 ? 1 : times) * gib_per_vcpu(family));
    }
    return GIB(8);
}
