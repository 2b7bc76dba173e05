#include "engine/serve/payload.h"

#include <math.h>

#define UNABLE "Unable to evaluate payload provided: "

bool payload_open(
    struct payload *payload,
    struct str body,
    struct str content_type,
    size_t features,
    struct refusal *refusal)
{
    if (body.len == 0)
        return refuse(refusal, 204, "%s", "");
    enum data_format format = data_format_of(content_type);
    if (format == DATA_FORMAT_BAD_LABEL_SIZE)
        return refuse(
            refusal, 415,
            STR_FMT " is not an accepted csv ContentType. Optional parameter label_size must be "
                    "equal to 1",
            STR_ARG(content_type));
    if (format != DATA_FORMAT_CSV && format != DATA_FORMAT_LIBSVM)
        return refuse(
            refusal, 415,
            "Content-Type '" STR_FMT "' is not supported: send text/csv or text/libsvm",
            STR_ARG(content_type));
    struct str text = str_trim(body);
    if (text.len == 0)
        return refuse(refusal, 400, UNABLE "it holds nothing but blanks");
    *payload = (struct payload){.format = format, .rest = text, .features = features};
    if (format == DATA_FORMAT_CSV)
        payload->delimiter = csv_delimiter(str_slice(text, 0, str_index(text, '\n')));
    return true;
}

size_t payload_rows_left(const struct payload *payload)
{
    size_t rows = payload->done ? 0 : 1;
    for (size_t i = 0; i < payload->rest.len; i++)
        rows += payload->rest.ptr[i] == '\n';
    return rows;
}

static bool csv_fault(
    const struct payload *payload,
    enum cell_fault fault,
    size_t count,
    struct str cell,
    struct refusal *refusal)
{
    char shown[CELL_SHOWN];
    if (fault == CELL_NOT_A_NUMBER || fault == CELL_NOT_FINITE)
        return refuse(
            refusal, 400, UNABLE "row %zu, column %zu: '%s' is %s", payload->row, count + 1,
            cell_shown(cell, shown),
            fault == CELL_NOT_FINITE ? "infinite or too large for a float" : "not a number");
    if (payload->row > 1)
        return refuse(
            refusal, 400, UNABLE "row %zu has %zu values, the rows before it have %zu",
            payload->row, count, payload->features);
    return refuse(
        refusal, 400,
        UNABLE "Feature size of csv inference data %zu is not consistent with feature size of "
               "trained model %zu.",
        count, payload->features);
}

static bool
read_csv(struct payload *payload, struct str line, float *values, struct refusal *refusal)
{
    size_t count = 0;
    struct str cell = STR_NULL;
    enum cell_fault fault =
        csv_line(line, payload->delimiter, values, payload->features, &count, &cell);
    if (fault != CELL_OK || count != payload->features)
        return csv_fault(payload, fault, count, cell, refusal);
    return true;
}

static bool
read_libsvm(struct payload *payload, struct str line, float *values, struct refusal *refusal)
{
    static const char *const what[] = {
        [CELL_BAD_INDEX] = "has an index that is not a whole number",
        [CELL_NOT_A_NUMBER] = "has a value that is not a number",
        [CELL_NOT_FINITE] = "has a value that is infinite or too large for a float",
        [CELL_REPEATED_INDEX] = "repeats an index",
    };
    for (size_t i = 0; i < payload->features; i++)
        values[i] = NAN;
    struct str token;
    while (text_token(&line, &token)) {
        unsigned index = 0;
        float value = 0;
        enum cell_fault fault = libsvm_pair(token, &index, &value);
        if (fault == CELL_NO_COLON)
            continue;
        if (fault == CELL_OK && index >= payload->features)
            return refuse(
                refusal, 400,
                UNABLE "Feature size of libsvm inference data %u is larger than feature size of "
                       "trained model %zu.",
                index + 1, payload->features);
        if (fault == CELL_OK && !isnan(values[index]))
            fault = CELL_REPEATED_INDEX;
        char shown[CELL_SHOWN];
        if (fault != CELL_OK)
            return refuse(
                refusal, 400, UNABLE "row %zu: '%s' %s", payload->row, cell_shown(token, shown),
                what[fault]);
        values[index] = value;
    }
    return true;
}

bool payload_read(
    struct payload *payload,
    float *values,
    size_t max_rows,
    size_t *ret_rows,
    struct refusal *refusal)
{
    size_t rows = 0;
    struct str line;
    while (rows < max_rows && text_line(&payload->rest, &line)) {
        payload->row++;
        float *row = values + rows * payload->features;
        bool ok = payload->format == DATA_FORMAT_CSV ? read_csv(payload, line, row, refusal)
                                                     : read_libsvm(payload, line, row, refusal);
        if (!ok)
            return false;
        rows++;
    }
    payload->done = payload->rest.len == 0;
    *ret_rows = rows;
    return true;
}
