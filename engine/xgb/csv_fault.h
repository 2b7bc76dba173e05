/* engine/xgb/csv_fault.h - what is said of a cell of CSV that is no number.
 *
 * Private to engine/xgb. Rows and columns in messages count from 1.
 */
#ifndef ENGINE_XGB_CSV_FAULT_H
#define ENGINE_XGB_CSV_FAULT_H

#include "engine/base/err.h"
#include "engine/xgb/text.h"

/* column: of the file, from 0. ERR_SPEC, with err->at.line the row. */
enum err_code csv_cell_fault(
    struct str file,
    size_t row,
    enum cell_fault fault,
    size_t column,
    struct str cell,
    struct err *err);

#endif
