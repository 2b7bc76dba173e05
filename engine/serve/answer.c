#include "engine/serve/answer.h"

#include "engine/serve/repr.h"

static const struct {
    struct str name;
    enum answer_format format;
} s_types[] = {
    {STR_INIT("text/csv"), ANSWER_CSV}, {STR_INIT("csv"), ANSWER_CSV},
    {STR_INIT("text/*"), ANSWER_CSV},   {STR_INIT("application/json"), ANSWER_JSON},
    {STR_INIT("json"), ANSWER_JSON},    {STR_INIT("application/*"), ANSWER_JSON},
};

static bool find_type(struct str name, struct answer_type *out)
{
    for (size_t i = 0; i < ARRAY_LEN(s_types); i++) {
        if (!str_eq_nocase(name, s_types[i].name))
            continue;
        out->format = s_types[i].format;
        out->content_type = name;
        if (str_ends(name, STR("/*")))
            out->content_type =
                out->format == ANSWER_CSV ? STR("text/csv") : STR("application/json");
        return true;
    }
    return false;
}

static bool find_in_list(struct str accept, bool *ret_any, struct answer_type *out)
{
    struct str entry, name;
    *ret_any = false;
    while (str_split(&accept, ',', &entry)) {
        if (!str_split(&entry, ';', &name))
            continue;
        name = str_trim(name);
        if (find_type(name, out))
            return true;
        *ret_any = *ret_any || str_eq_z(name, "*/*");
    }
    return false;
}

bool answer_type_of(
    struct str accept, struct str default_accept, struct answer_type *out, struct refusal *refusal)
{
    struct str fallback =
        str_is_empty(str_trim(default_accept)) ? STR("application/json") : default_accept;
    bool any = str_is_empty(str_trim(accept));
    if (!any && find_in_list(accept, &any, out))
        return true;
    bool unused = false;
    if (any && find_in_list(fallback, &unused, out))
        return true;
    return refuse(
        refusal, 406,
        STR_FMT " is not an accepted Accept type. Please choose one of the following: "
                "['text/csv', 'application/json'].",
        STR_ARG(any ? fallback : accept));
}

void answer_begin(struct answer *answer)
{
    if (answer->format == ANSWER_JSON)
        buf_add_char(answer->out, '[');
}

static void add_number(struct answer *answer, float value)
{
    char text[REPR_MAX];
    size_t len = repr_float((double) value, answer->format == ANSWER_JSON, text);
    buf_add_mem(answer->out, text, len);
}

void answer_rows(struct answer *answer, const float *predictions, size_t rows)
{
    for (size_t row = 0; row < rows; row++, answer->rows++) {
        if (answer->rows > 0)
            buf_add_z(
                answer->out, answer->format == ANSWER_JSON ? ", "
                             : answer->lines               ? "\n"
                                                           : ",");
        const float *values = predictions + row * answer->outputs;
        if (answer->outputs == 1) {
            add_number(answer, values[0]);
            continue;
        }
        for (size_t i = 0; i < answer->outputs; i++) {
            buf_add_z(answer->out, i == 0 ? "[" : ", ");
            add_number(answer, values[i]);
        }
        buf_add_char(answer->out, ']');
    }
}

void answer_end(struct answer *answer)
{
    if (answer->format == ANSWER_JSON)
        buf_add_char(answer->out, ']');
    else if (answer->lines)
        buf_add_char(answer->out, '\n');
}
