/* engine/local/sm_forms.h - short forms for tables of shapes (sm_shape.h); for the files that hold
 * such tables alone, since the names are plain words.
 */
#ifndef ENGINE_LOCAL_SM_FORMS_H
#define ENGINE_LOCAL_SM_FORMS_H

#include "engine/local/sm_shape.h"

#define SCALAR(of_kind, lo, hi, like) \
    { \
        .kind = (of_kind), .min = (lo), .max = (hi), .pattern = (like) \
    }
#define ENUM_OF(list) \
    { \
        .kind = SM_STRING, .max = SM_MAX, .values = (list) \
    }
#define OPEN_ENUM_OF(list) \
    { \
        .kind = SM_STRING, .max = SM_MAX, .values = (list), .open = true \
    }
#define LIST_OF(lo, hi, of) \
    { \
        .kind = SM_LIST, .min = (lo), .max = (hi), .item = (of) \
    }
#define MAP_OF(lo, hi, k, v) \
    { \
        .kind = SM_MAP, .min = (lo), .max = (hi), .key = (k), .item = (v) \
    }
#define STRUCT_OF(table) \
    { \
        .kind = SM_STRUCT, .members = (table) \
    }
#define REQUIRED true
#define OPTIONAL false
#define END \
    { \
        NULL, false, NULL \
    }

#endif
