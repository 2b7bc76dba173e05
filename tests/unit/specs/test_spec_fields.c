#include "tests/harness/test.h"

#include "specs/spec_fields.h"
#include "specs/spec_value.h"

struct walk {
    struct spec_reader *reader;
    size_t fields;
};

static void check_field(struct walk *walk, const struct spec_field *field)
{
    walk->fields++;
    assert_non_null(field->help);
    size_t len = strlen(field->help);
    assert_true(field->help[0] >= 'A' && field->help[0] <= 'Z');
    assert_true(field->help[len - 1] == '.');
    if (field->pattern != NULL)
        assert_non_null(field->pattern_note);
    if (field->key_pattern != NULL)
        assert_non_null(field->key_note);
    assert_int_equal(field->type == FIELD_ENUM, field->values != NULL);
    bool block =
        field->type == FIELD_BLOCK || field->type == FIELD_BLOCKS || field->type == FIELD_NAMED;
    assert_int_equal(block, field->block != NULL);
    if (field->type == FIELD_STRING && field->pattern != NULL && field->example != NULL) {
        struct str example = str_from(field->example);
        if (example.ptr[0] == '"')
            example = str_slice(example, 1, example.len - 1);
        if (!spec_matches(walk->reader, field->pattern, example))
            fail_msg("the example of %s is not valid", field->name);
        if (field->fallback != NULL)
            assert_true(spec_matches(walk->reader, field->pattern, str_from(field->fallback)));
    }
    if (!block && field->example == NULL)
        fail_msg("%s has no example", field->name);
}

static void check_block(struct walk *walk, const struct spec_block *block)
{
    for (size_t i = 0; i < block->n_fields; i++) {
        const struct spec_field *field = &block->fields[i];
        check_field(walk, field);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(field->name, block->fields[j].name);
        assert_ptr_equal(spec_field_find(block, str_from(field->name)), field);
        if (field->block != NULL)
            check_block(walk, field->block);
    }
    assert_null(spec_field_find(block, STR("")));
}

static void every_line_of_the_tables(void **state)
{
    struct diags diags;
    diags_init(&diags, *state);
    struct spec_options options = {0};
    struct spec_reader reader;
    spec_reader_init(&reader, *state, &diags, &options);
    struct walk walk = {&reader, 0};
    check_block(&walk, &spec_document_block);
    assert_true(walk.fields > 60);
    spec_reader_done(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(every_line_of_the_tables),
    };
    return cmocka_run_group_tests_name("specs/spec_fields", tests, NULL, NULL);
}
