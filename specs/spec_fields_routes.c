#include "specs/spec_fields_internal.h"

/* A route. The checklist for a field is in spec_fields.c; how a route is resolved, in
 * engine/stack/routes.md. */

static const struct spec_field s_route_fields[] = {
    {.name = "name",
     .type = FIELD_STRING,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = MODEL_NAME_MAX,
     .pattern = MODEL_NAME,
     .pattern_note = MODEL_NAME_NOTE,
     .offset = offsetof(struct spec_route, name),
     .help = "What callers ask for; no model may have the same name.",
     .example = "churn"},
    {.name = "split",
     .type = FIELD_MAP,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 100,
     .pattern_note = "whole numbers from 1 to 10000; a model that gets nothing is left out",
     .item_min = 1,
     .item_max = 10000,
     .key_pattern = MODEL_NAME,
     .key_note = "models of the spec",
     .key_max = MODEL_NAME_MAX,
     .offset = offsetof(struct spec_route, split),
     .help = "The models and their weights. Of all keys a model gets the share that its weight has "
             "in the sum, and the same key always gets the same model. Changing weights moves only "
             "the keys that have to move.",
     .example = "{model_balanced: 90, model_aggressive: 10}"},
    {.name = "shadow",
     .type = FIELD_STRING,
     .fallback_note = "none",
     .min = 1,
     .max = MODEL_NAME_MAX,
     .pattern = MODEL_NAME,
     .pattern_note = MODEL_NAME_NOTE,
     .offset = offsetof(struct spec_route, shadow),
     .help = "A model that is called as well, with every request: its answer is compared and "
             "reported, and never returned.",
     .example = "model_deep"},
};

const struct spec_block spec_route_block = {
    .help = "A name that stands for several models, each with its share of the callers.",
    .fields = s_route_fields,
    .n_fields = ARRAY_LEN(s_route_fields),
    .size = sizeof(struct spec_route),
    .at_offset = offsetof(struct spec_route, at),
    .set_offset = FIELD_NOWHERE,
};
