/* engine/local/sm_forms.h - short forms for tables of shapes (sm_shape.h); for the files that hold
 * such tables alone, since the names are plain words.
 */
#ifndef ENGINE_LOCAL_SM_FORMS_H
#define ENGINE_LOCAL_SM_FORMS_H

#include "engine/local/sm_shape.h"

/* Every table reads like the model's own text. */
#define TEXT(lo, hi, pat) \
    { \
        .kind = SM_STRING, .min = (lo), .max = (hi), .pattern = (pat) \
    }
#define ENUM(list) \
    { \
        .kind = SM_STRING, .values = (list) \
    }
#define LIST_OF(lo, hi, of) \
    { \
        .kind = SM_LIST, .min = (lo), .max = (hi), .item = (of) \
    }
#define MAP_OF(hi, k, v) \
    { \
        .kind = SM_MAP, .max = (hi), .key = (k), .item = (v) \
    }
#define STRUCT_OF(table) \
    { \
        .kind = SM_STRUCT, .members = (table) \
    }
#define INT_IN(lo, hi) \
    { \
        .kind = SM_INT, .min = (lo), .max = (hi) \
    }
#define REQUIRED true
#define OPTIONAL false
#define END \
    { \
        NULL, false, NULL \
    }

#endif
