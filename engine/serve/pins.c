#include "engine/serve/pins.h"

bool pins_have(struct str pins, struct str name)
{
    struct str pin;
    while (str_split(&pins, ',', &pin)) {
        pin = str_trim(pin);
        bool all = str_ends(pin, STR("*"));
        if (all ? str_starts(name, str_slice(pin, 0, pin.len - 1))
                : pin.len > 0 && str_eq(pin, name))
            return true;
    }
    return false;
}
