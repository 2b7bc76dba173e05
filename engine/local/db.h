/* engine/local/db.h - the world's database: SQLite in WAL mode (db.c is the only file that includes
 * it).
 *
 * Errors are sticky: the first failure of a statement is kept, later ones do nothing and give no
 * rows, and db_commit() reports it and rolls back. So code between db_begin() and db_commit() reads
 * straight through, and nothing it concluded from a failed statement is ever answered. ERR_IO: the
 * file cannot be used, or the disk is full (with a hint); ERR_INTERNAL: a wrong statement.
 * Durability: a transaction that was committed survives kill -9 of the process.
 * Threads: one at a time; the stand-in's world lock guards it.
 *
 *     struct db_stmt *q = db_query(db, "SELECT etag FROM object WHERE key=?1",
 * DB_ARGS(db_text(key))); while (db_next(q)) etag = db_col_text(q, 0, arena); db_finish(&q);
 */
#ifndef ENGINE_LOCAL_DB_H
#define ENGINE_LOCAL_DB_H

#include "engine/base/arena.h"
#include "engine/base/err.h"

struct db;
struct db_stmt;

struct db_arg {
    enum { DB_ARG_NULL, DB_ARG_TEXT, DB_ARG_INT } type;
    struct str text;
    int64_t integer;
};

/* path NULL: in memory. */
enum err_code db_open(const char *path, struct db **out, struct err *err) MUST_USE;
void db_close(struct db *db); /* rolls back; accepts NULL */

void db_begin(struct db *db);                                     /* forgets an earlier failure */
enum err_code db_commit(struct db *db, struct err *err) MUST_USE; /* rolls back when it fails */
void db_rollback(struct db *db);                                  /* fine outside a transaction */
bool db_failed(const struct db *db);

/* Makes *to what *from is, page by page. Neither in a transaction; ERR_IO when memory is short. */
enum err_code db_copy(struct db *from, struct db *to, struct err *err) MUST_USE;

/* Several statements without arguments: schemas. */
void db_exec(struct db *db, const char *sql);

/* Starts a query. sql must be a literal: statements are cached by its address. The bytes of text
 * arguments must live until db_finish(). ?1 is args[0]. Never NULL. */
struct db_stmt *db_query(struct db *db, const char *sql, const struct db_arg *args, size_t count);
bool db_next(struct db_stmt *stmt);    /* false: no more rows, or a failure */
void db_finish(struct db_stmt **stmt); /* for AUTO(db_finish), too; accepts NULL */
/* Runs a statement that gives no rows; returns the number of rows it changed. */
int64_t db_run(struct db *db, const char *sql, const struct db_arg *args, size_t count);

/* An array of arguments and its length, for the two last parameters. */
#define DB_ARGS(...) \
    ((const struct db_arg[]){__VA_ARGS__}), \
        (sizeof((const struct db_arg[]){__VA_ARGS__}) / sizeof(struct db_arg))
#define DB_NO_ARGS NULL, 0
struct db_arg db_text(struct str value); /* a null str is NULL */
struct db_arg db_int(int64_t value);

/* Columns of the current row, counted from 0. Text is copied to the arena; NULL gives STR_NULL / 0.
 */
struct str db_col_text(struct db_stmt *stmt, int column, struct arena *arena);
/* The same, not copied: good until the next step of the statement. */
struct str db_col_view(struct db_stmt *stmt, int column);
int64_t db_col_int(struct db_stmt *stmt, int column);
bool db_col_is_null(struct db_stmt *stmt, int column);

#endif
