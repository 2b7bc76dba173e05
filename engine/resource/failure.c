#include "engine/resource/failure.h"

bool failure_may_pass(struct str reason)
{
    static const char *const texts[] = {
        "CapacityError",
        "nsufficient capacity",
        "InsufficientInstanceCapacity",
        "InternalServerError",
        "nternal server error",
        "nternal error",
        "Request to service failed",
        "Interrupted",
        "Could not assume role",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (str_find(reason, str_from(texts[i])) != SIZE_MAX)
            return true;
    return false;
}

bool endpoint_is_busy(struct str status)
{
    static const char *const busy[] = {
        "Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"};
    for (size_t i = 0; i < ARRAY_LEN(busy); i++)
        if (str_eq_z(status, busy[i]))
            return true;
    return false;
}
