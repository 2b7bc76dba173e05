#include "engine/xgb/csv_fault.h"

#include <ctype.h>

/* A first line with a word in it is a header when the word starts like a name. */
static bool looks_like_name(struct str cell)
{
    cell = str_trim(cell);
    if (cell.len > 0 && cell.ptr[0] == '"')
        cell = str_from_index(cell, 1);
    return cell.len > 0 && (isalpha((unsigned char) cell.ptr[0]) || cell.ptr[0] == '_');
}

enum err_code csv_cell_fault(
    struct str file,
    size_t row,
    enum cell_fault fault,
    size_t column,
    struct str cell,
    struct err *err)
{
    char shown[CELL_SHOWN];
    cell_shown(cell, shown);
    if (fault == CELL_NOT_FINITE) {
        err_set(
            err, ERR_SPEC,
            "'" STR_FMT "' row %zu, column %zu: '%s' is infinite or too large for a float",
            STR_ARG(file), row, column + 1, shown);
    } else if (row == 1 && looks_like_name(cell)) {
        err_set(
            err, ERR_SPEC,
            "'" STR_FMT "' row %zu is a header: column %zu is '%s', which is not a number",
            STR_ARG(file), row, column + 1, shown);
        err_hint(err, "XGBoost's CSV has no header: delete the first line");
    } else {
        err_set(
            err, ERR_SPEC, "'" STR_FMT "' row %zu, column %zu: '%s' is not a number", STR_ARG(file),
            row, column + 1, shown);
    }
    err->at.line = row < UINT32_MAX ? (unsigned) row : UINT32_MAX;
    return ERR_SPEC;
}
