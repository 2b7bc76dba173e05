/* cmd/table.h - one table, printed as aligned text or as JSON.
 *
 * Cells keep their type: text output rounds and aligns, JSON output has the full value. An empty
 * cell prints as `-` and is null in JSON. Everything lives on the arena; texts are not copied.
 */
#ifndef CMD_TABLE_H
#define CMD_TABLE_H

#include "cmd/term.h"

struct table_column {
    const char *title; /* of the text table */
    const char *key;   /* of the JSON object */
    bool right;        /* numbers stand right */
    bool hidden;       /* in JSON only */
};

enum cell_type { CELL_NONE, CELL_TEXT, CELL_INT, CELL_NUMBER, CELL_BOOL };

struct cell {
    enum cell_type type;
    struct str text;
    int64_t integer;
    double number;
    int digits; /* after the point, in text; below 0: as short as it goes */
    bool boolean;
    bool painted;
    enum paint paint;
};

struct table;

struct table *table_new(struct arena *arena, const struct table_column *columns, size_t n_columns);
/* Starts a row of empty cells; the setters below fill in the cell at `column` of the last row. */
void table_row(struct table *table);
void table_text(struct table *table, size_t column, struct str text);
void table_int(struct table *table, size_t column, int64_t value);
void table_number(struct table *table, size_t column, double value, int digits);
void table_bool(struct table *table, size_t column, bool value);
void table_paint(struct table *table, size_t column, enum paint paint);
size_t table_len(const struct table *table);

void table_render(struct buf *buf, const struct table *table, bool color);
struct json *table_json(struct arena *arena, const struct table *table); /* array of objects */

/* "validation:auc 0.987": the one metric that stands for a model; STR_NULL when it has none. */
struct str metric_text(struct arena *arena, const struct json *metrics);

#endif
