#include "specs/spec_schema.h"

#include "engine/base/arena.h"
#include "engine/xgb/hyper.h"
#include "specs/spec_fields.h"

/* A scalar that uses a variable: its value is known when it is loaded. */
#define VARIABLE_PATTERN "\\$\\{[A-Za-z_]"

static struct json *of_type(struct arena *arena, const char *type)
{
    return json_put(arena, json_object(arena), "type", json_z(arena, type));
}

static struct json *of_types(struct arena *arena, const char *const *types)
{
    struct json *names = json_array(arena);
    for (size_t i = 0; types[i] != NULL; i++)
        json_push(names, json_z(arena, types[i]));
    return json_put(arena, json_object(arena), "type", names);
}

/* Fields that are strings take the source text of any scalar. */
static struct json *any_text(struct arena *arena)
{
    static const char *const s_types[] = {"string", "number", "boolean", NULL};
    return of_types(arena, s_types);
}

static void put_z(struct arena *arena, struct json *object, const char *key, const char *value)
{
    if (value != NULL)
        json_set(arena, object, str_from(key), json_z(arena, value));
}

static void put_int(struct arena *arena, struct json *object, const char *key, int64_t value)
{
    json_set(arena, object, str_from(key), json_int(arena, value));
}

static void put_limits(
    struct arena *arena,
    struct json *object,
    const struct spec_field *field,
    const char *min,
    const char *max)
{
    if (field->max == 0)
        return;
    if (field->min != 0)
        put_int(arena, object, min, field->min);
    put_int(arena, object, max, field->max);
}

static struct json *ref(struct arena *arena, const char *target)
{
    return json_put(arena, json_object(arena), "$ref", json_z(arena, target));
}

/* The value itself, or a variable that stands for it, or nothing (a key without value is absent).
 */
static struct json *or_variable(struct arena *arena, struct json *value)
{
    struct json *choices = json_array(arena);
    json_push(choices, value);
    json_push(choices, ref(arena, "#/$defs/variable"));
    json_push(choices, of_type(arena, "null"));
    return json_put(arena, json_object(arena), "anyOf", choices);
}

/* --- fields ---------------------------------------------------------------------------------- */

static struct json *block_schema(struct arena *arena, const struct spec_block *block);

static struct json *string_schema(struct arena *arena, const struct spec_field *field)
{
    struct json *value = any_text(arena);
    put_limits(arena, value, field, "minLength", "maxLength");
    put_z(arena, value, "pattern", field->pattern);
    return or_variable(arena, value);
}

static struct json *int_schema(struct arena *arena, const struct spec_field *field)
{
    struct json *value = of_type(arena, "integer");
    put_limits(arena, value, field, "minimum", "maximum");
    return or_variable(arena, value);
}

static struct json *number_schema(struct arena *arena, const struct spec_field *field)
{
    struct json *value = of_type(arena, "number");
    put_limits(arena, value, field, "minimum", "maximum");
    if (field->max != 0 && field->min == 0)
        put_int(arena, value, "minimum", 0);
    return or_variable(arena, value);
}

static struct json *strings_schema(struct arena *arena, const struct spec_field *field)
{
    static const char *const s_array[] = {"array", "null", NULL};
    struct json *list = of_types(arena, s_array), *value = any_text(arena);
    put_limits(arena, list, field, "minItems", "maxItems");
    put_z(arena, value, "pattern", field->pattern);
    struct json *choices = json_push(json_array(arena), value);
    json_push(choices, ref(arena, "#/$defs/variable"));
    return json_put(arena, list, "items", json_put(arena, json_object(arena), "anyOf", choices));
}

static struct json *enum_schema(struct arena *arena, const struct spec_field *field)
{
    struct json *values = json_array(arena);
    for (size_t i = 0; field->values[i] != NULL; i++)
        json_push(values, json_z(arena, field->values[i]));
    return or_variable(arena, json_put(arena, json_object(arena), "enum", values));
}

static struct json *duration_schema(struct arena *arena)
{
    struct json *value = of_type(arena, "string");
    put_z(arena, value, "pattern", "^[0-9]+[smh]$");
    return or_variable(arena, value);
}

static struct json *names_schema(struct arena *arena, const struct spec_field *field)
{
    struct json *names = json_object(arena);
    put_z(arena, names, "pattern", field->key_pattern);
    if (field->key_max != 0)
        put_int(arena, names, "maxLength", field->key_max);
    return names;
}

static struct json *map_schema(struct arena *arena, const struct spec_field *field)
{
    static const char *const s_object[] = {"object", "null", NULL};
    struct json *map = of_types(arena, s_object);
    put_limits(arena, map, field, "minProperties", "maxProperties");
    json_put(arena, map, "propertyNames", names_schema(arena, field));
    struct json *value = field->item_max != 0 ? of_type(arena, "integer") : any_text(arena);
    put_z(arena, value, "pattern", field->pattern);
    if (field->value_max != 0)
        put_int(arena, value, "maxLength", field->value_max);
    if (field->item_max != 0) {
        put_int(arena, value, "minimum", field->item_min);
        put_int(arena, value, "maximum", field->item_max);
    }
    bool literal = (field->flags & FIELD_LITERAL) != 0;
    struct json *choices = json_array(arena);
    json_push(choices, value);
    json_push(choices, literal ? of_type(arena, "null") : ref(arena, "#/$defs/variable"));
    return json_put(
        arena, map, "additionalProperties", json_put(arena, json_object(arena), "anyOf", choices));
}

/* Each name has one value at least. */
static struct json *lists_schema(struct arena *arena, const struct spec_field *field)
{
    static const char *const s_object[] = {"object", "null", NULL};
    struct json *map = of_types(arena, s_object);
    put_limits(arena, map, field, "minProperties", "maxProperties");
    json_put(arena, map, "propertyNames", names_schema(arena, field));
    struct json *list = of_type(arena, "array");
    put_int(arena, list, "minItems", 1);
    json_put(arena, list, "items", or_variable(arena, any_text(arena)));
    return json_put(arena, map, "additionalProperties", list);
}

static struct json *list_schema(struct arena *arena, const struct spec_field *field)
{
    struct json *list = of_type(arena, "array");
    put_limits(arena, list, field, "minItems", "maxItems");
    return json_put(arena, list, "items", block_schema(arena, field->block));
}

static struct json *named_schema(struct arena *arena, const struct spec_field *field)
{
    static const char *const s_object[] = {"object", "null", NULL};
    struct json *map = of_types(arena, s_object);
    put_limits(arena, map, field, "minProperties", "maxProperties");
    json_put(arena, map, "propertyNames", names_schema(arena, field));
    return json_put(arena, map, "additionalProperties", block_schema(arena, field->block));
}

/* A block that may be left out may stand there without content, too. */
static struct json *inner_schema(struct arena *arena, const struct spec_field *field)
{
    struct json *block = block_schema(arena, field->block);
    if ((field->flags & FIELD_REQUIRED) == 0) {
        struct json *types = json_array(arena);
        json_push(types, json_z(arena, "object"));
        json_push(types, json_z(arena, "null"));
        json_put(arena, block, "type", types);
    }
    return block;
}

static struct json *value_schema(struct arena *arena, const struct spec_field *field)
{
    switch (field->type) {
    case FIELD_STRING:
        return string_schema(arena, field);
    case FIELD_INT:
        return int_schema(arena, field);
    case FIELD_BOOL:
        return or_variable(arena, of_type(arena, "boolean"));
    case FIELD_ENUM:
        return enum_schema(arena, field);
    case FIELD_DURATION:
        return duration_schema(arena);
    case FIELD_NUMBER:
        return number_schema(arena, field);
    case FIELD_STRINGS:
        return strings_schema(arena, field);
    case FIELD_MAP:
        return map_schema(arena, field);
    case FIELD_LISTS:
        return lists_schema(arena, field);
    case FIELD_BLOCK:
        return inner_schema(arena, field);
    case FIELD_BLOCKS:
        return list_schema(arena, field);
    case FIELD_NAMED:
        break;
    }
    return named_schema(arena, field);
}

static struct json *default_value(struct arena *arena, const struct spec_field *field)
{
    int64_t number = 0;
    if (field->fallback == NULL)
        return NULL;
    if (field->type == FIELD_INT && str_to_i64(str_from(field->fallback), &number))
        return json_int(arena, number);
    double real = 0;
    if (field->type == FIELD_NUMBER && str_to_f64(str_from(field->fallback), &real))
        return json_num(arena, real);
    if (field->type == FIELD_BOOL)
        return json_bool(arena, str_eq_z(STR("true"), field->fallback));
    return json_z(arena, field->fallback);
}

static struct json *field_schema(struct arena *arena, const struct spec_field *field)
{
    struct json *schema = value_schema(arena, field);
    struct str text = str_from(field->help);
    if (field->fallback_note != NULL)
        text = str_fmt(arena, "%s Default: %s.", field->help, field->fallback_note);
    json_put(arena, schema, "description", json_string(arena, text));
    json_put(arena, schema, "default", default_value(arena, field));
    return schema;
}

static struct json *
put_block(struct arena *arena, struct json *schema, const struct spec_block *block)
{
    json_put(arena, schema, "type", json_z(arena, "object"));
    struct json *properties = json_object(arena), *required = json_array(arena);
    for (size_t i = 0; i < block->n_fields; i++) {
        const struct spec_field *field = &block->fields[i];
        json_set(arena, properties, str_from(field->name), field_schema(arena, field));
        if ((field->flags & FIELD_REQUIRED) != 0)
            json_push(required, json_z(arena, field->name));
    }
    put_z(arena, schema, "description", block->help);
    json_put(arena, schema, "properties", properties);
    if (required->len > 0)
        json_put(arena, schema, "required", required);
    return json_put(arena, schema, "additionalProperties", json_bool(arena, false));
}

static struct json *block_schema(struct arena *arena, const struct spec_block *block)
{
    return put_block(arena, json_object(arena), block);
}

/* --- hyperparameters ------------------------------------------------------------------------- */

/* Numbers may be written as numbers or in quotes, so limits hold for numbers only. */
static struct json *interval_schema(struct arena *arena, const struct hyper_info *info)
{
    static const char *const s_types[] = {"number", "string", NULL};
    struct str range = str_from(info->range);
    struct json *schema = of_types(arena, s_types);
    double limit = 0;
    struct str low = str_slice(range, 1, str_index(range, ','));
    struct str high = str_trim(str_slice(range, str_index(range, ',') + 1, range.len - 1));
    const char *min = str_starts(range, STR("(")) ? "exclusiveMinimum" : "minimum";
    const char *max = str_ends(range, STR(")")) ? "exclusiveMaximum" : "maximum";
    if (str_to_f64(low, &limit))
        json_set(arena, schema, str_from(min), json_num(arena, limit));
    if (!str_eq_z(high, "+inf") && str_to_f64(high, &limit))
        json_set(arena, schema, str_from(max), json_num(arena, limit));
    if (str_eq_z(STR("integer"), info->type))
        json_put(arena, schema, "multipleOf", json_int(arena, 1));
    return schema;
}

static struct json *words_schema(struct arena *arena, const struct hyper_info *info)
{
    struct json *values = json_array(arena);
    struct str rest = str_from(info->range), part;
    bool metric = str_eq_z(STR("_tuning_objective_metric"), info->name);
    while (str_split(&rest, ',', &part)) {
        if (metric)
            part = str_fmt(arena, "validation:" STR_FMT, STR_ARG(part));
        json_push(values, json_string(arena, part));
        if (str_eq_z(part, "true") || str_eq_z(part, "false"))
            json_push(values, json_bool(arena, str_eq_z(part, "true")));
    }
    return json_put(arena, json_object(arena), "enum", values);
}

static struct json *hyper_schema(struct arena *arena, const struct hyper_info *info)
{
    struct json *value = NULL;
    if (str_eq_z(STR("integer"), info->type) || str_eq_z(STR("number"), info->type))
        value = interval_schema(arena, info);
    else if (str_eq_z(STR("one of"), info->type))
        value = words_schema(arena, info);
    else
        value = of_type(arena, "string");
    struct json *choices = json_push(json_array(arena), value);
    json_push(choices, ref(arena, "#/$defs/variable"));
    struct json *schema = json_put(arena, json_object(arena), "anyOf", choices);
    struct str text = str_fmt(
        arena, "%s %s%s%s%s%s", info->type, info->range,
        info->default_text != NULL ? "; default: " : "",
        info->default_text != NULL ? info->default_text : "", info->note != NULL ? "; " : "",
        info->note != NULL ? info->note : "");
    return json_put(arena, schema, "description", json_string(arena, text));
}

static struct json *hypers_schema(struct arena *arena)
{
    struct json *properties = json_object(arena);
    for (size_t i = 0; i < hyper_count(); i++) {
        struct hyper_info info = hyper_info_at(i);
        json_set(arena, properties, str_from(info.name), hyper_schema(arena, &info));
        if (info.alias != NULL)
            json_set(arena, properties, str_from(info.alias), hyper_schema(arena, &info));
    }
    struct json *schema = json_put(arena, json_object(arena), "properties", properties);
    return json_put(arena, schema, "additionalProperties", json_bool(arena, false));
}

static struct json *under(struct arena *arena, const char *name, struct json *schema)
{
    struct json *properties = json_object(arena);
    json_set(arena, properties, str_from(name), schema);
    return json_put(arena, json_object(arena), "properties", properties);
}

/* The names of hyperparameters are known unless training uses an image of one's own. */
static void put_hyper_rule(struct arena *arena, struct json *spec)
{
    struct json *own_image = json_put(
        arena, json_object(arena), "required",
        json_push(json_array(arena), json_z(arena, "image")));
    json_put(arena, own_image, "type", json_z(arena, "object"));
    struct json *condition = under(arena, "training", own_image);
    json_put(arena, condition, "required", json_push(json_array(arena), json_z(arena, "training")));
    struct json *otherwise = under(
        arena, "training", under(arena, "hyperparameters", ref(arena, "#/$defs/hyperparameters")));
    struct json *items = json_put(
        arena, json_object(arena), "items",
        under(arena, "hyperparameters", ref(arena, "#/$defs/hyperparameters")));
    struct json *members = otherwise->first;
    json_put(arena, members, "models", items);
    json_put(arena, spec, "if", condition);
    json_put(arena, spec, "else", otherwise);
}

/* --- the document ---------------------------------------------------------------------------- */

static struct json *member(struct json *object, const char *key)
{
    struct json *child = object != NULL ? object->first : NULL;
    while (child != NULL && !str_eq_z(child->key, key))
        child = child->next;
    return child;
}

struct json *spec_schema(struct arena *arena)
{
    struct json *root = json_object(arena);
    put_z(arena, root, "$schema", "https://json-schema.org/draft/2020-12/schema");
    put_z(arena, root, "title", "mmectl spec");
    put_block(arena, root, &spec_document_block);
    struct json *variable = of_type(arena, "string");
    put_z(arena, variable, "pattern", VARIABLE_PATTERN);
    struct json *defs = json_put(arena, json_object(arena), "variable", variable);
    json_put(arena, defs, "hyperparameters", hypers_schema(arena));
    json_put(arena, root, "$defs", defs);
    struct json *spec = member(member(root, "properties"), "spec");
    if (spec != NULL)
        put_hyper_rule(arena, spec);
    return root;
}
