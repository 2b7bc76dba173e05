#include "tests/harness/test.h"

#include "engine/xgb/hyper.h"
#include "specs/spec_fields.h"
#include "specs/spec_schema.h"

/* The text of the schema, read back: what an editor gets. */
static const struct json *schema_of(struct arena *arena)
{
    struct str text = json_text(arena, spec_schema(arena), JSON_PRETTY);
    struct json *read = NULL;
    struct err err = {0};
    assert_ok(json_parse(arena, text, MIB(1), &read, &err), &err);
    return read;
}

static void check_block(const struct json *schema, const struct spec_block *block)
{
    assert_non_null(schema);
    assert_false(json_get_bool(schema, "additionalProperties", true));
    const struct json *properties = json_get(schema, "properties");
    size_t n_supported = 0, n_required = 0;
    for (size_t i = 0; i < block->n_fields; i++) {
        const struct spec_field *field = &block->fields[i];
        const struct json *property = json_get(properties, field->name);
        n_supported++;
        n_required += (field->flags & FIELD_REQUIRED) != 0;
        assert_non_null(property);
        assert_false(str_is_empty(json_get_str(property, "description")));
        assert_int_equal(json_get(property, "default") != NULL, field->fallback != NULL);
        if (field->type == FIELD_BLOCK)
            check_block(property, field->block);
        else if (field->type == FIELD_BLOCKS)
            check_block(json_get(property, "items"), field->block);
        else if (field->type == FIELD_NAMED)
            check_block(json_get(property, "additionalProperties"), field->block);
        else if (field->pattern != NULL && field->type == FIELD_STRING)
            assert_str(
                json_get_str(json_at(json_get(property, "anyOf"), 0), "pattern"), field->pattern);
    }
    assert_int_equal(properties->len, n_supported);
    const struct json *required = json_get(schema, "required");
    assert_int_equal(required != NULL ? required->len : 0, n_required);
}

static void every_field_is_there(void **state)
{
    const struct json *schema = schema_of(*state);
    assert_str(json_get_str(schema, "$schema"), "https://json-schema.org/draft/2020-12/schema");
    check_block(schema, &spec_document_block);
}

static void every_hyperparameter_is_there(void **state)
{
    const struct json *defs = json_get(schema_of(*state), "$defs");
    const struct json *hypers = json_get(defs, "hyperparameters");
    assert_false(json_get_bool(hypers, "additionalProperties", true));
    const struct json *properties = json_get(hypers, "properties");
    for (size_t i = 0; i < hyper_count(); i++)
        assert_non_null(json_get(properties, hyper_info_at(i).name));
    assert_int_equal(properties->len, hyper_count() + 4); /* the aliases */
    const struct json *subsample = json_at(json_get(json_get(properties, "subsample"), "anyOf"), 0);
    assert_true(json_get_num(subsample, "exclusiveMinimum", -1) < 0.5);
    assert_null(json_get(subsample, "minimum"));
    assert_int_equal(json_get_int(subsample, "maximum", -1), 1);
    const struct json *rounds = json_at(json_get(json_get(properties, "num_round"), "anyOf"), 0);
    assert_int_equal(json_get_int(rounds, "minimum", -1), 1);
    assert_null(json_get(rounds, "exclusiveMaximum"));
    assert_null(json_get(rounds, "maximum"));
}

static void hyperparameters_are_free_with_an_own_image(void **state)
{
    const struct json *spec = json_get(json_get(schema_of(*state), "properties"), "spec");
    const struct json *models = json_get(json_get(json_get(spec, "else"), "properties"), "models");
    const struct json *own =
        json_get(json_get(json_get(models, "items"), "properties"), "hyperparameters");
    assert_str(json_get_str(own, "$ref"), "#/$defs/hyperparameters");
    assert_non_null(json_get(spec, "if"));
    assert_null(json_get(spec, "then"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(every_field_is_there),
        WITH_ARENA(every_hyperparameter_is_there),
        WITH_ARENA(hyperparameters_are_free_with_an_own_image),
    };
    return cmocka_run_group_tests_name("specs/spec_schema", tests, NULL, NULL);
}
