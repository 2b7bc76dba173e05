#include "tests/harness/test.h"

#include "engine/base/file.h"
#include "engine/local/db.h"

static struct db *open_db(const char *path)
{
    struct err err = {0};
    struct db *db = NULL;
    assert_ok(db_open(path, &db, &err), &err);
    db_exec(db, "CREATE TABLE IF NOT EXISTS t(k TEXT PRIMARY KEY, v INTEGER)");
    assert_false(db_failed(db));
    return db;
}

static int64_t count(struct db *db)
{
    struct db_stmt *q = db_query(db, "SELECT count(*) FROM t", DB_NO_ARGS);
    int64_t n = db_next(q) ? db_col_int(q, 0) : -1;
    db_finish(&q);
    return n;
}

static void keeps_every_type(void **state)
{
    struct arena *arena = *state;
    struct err err = {0};
    struct db *db = open_db(NULL);
    db_begin(db);
    int64_t changed = db_run(
        db, "INSERT INTO t(k, v) VALUES(?1, ?2)", DB_ARGS(db_text(STR("a")), db_int(INT64_MIN)));
    assert_int_equal(changed, 1);
    db_run(db, "INSERT INTO t(k, v) VALUES(?1, ?2)", DB_ARGS(db_text(STR("")), db_text(STR_NULL)));
    assert_ok(db_commit(db, &err), &err);
    db_begin(db);
    struct db_stmt *q = db_query(db, "SELECT k, v FROM t ORDER BY k DESC", DB_NO_ARGS);
    assert_true(db_next(q));
    assert_str(db_col_text(q, 0, arena), "a");
    assert_true(db_col_int(q, 1) == INT64_MIN);
    assert_true(db_next(q));
    assert_str(db_col_text(q, 0, arena), "");
    assert_false(str_is_null(db_col_text(q, 0, arena)));
    assert_true(db_col_is_null(q, 1));
    assert_true(str_is_null(db_col_text(q, 1, arena)));
    assert_false(db_next(q));
    db_finish(&q);
    db_rollback(db);
    db_close(db);
}

static void first_failure_undoes_the_transaction(void **state)
{
    (void) state;
    struct err err = {0};
    struct db *db = open_db(NULL);
    db_begin(db);
    db_run(db, "INSERT INTO t(k) VALUES(?1)", DB_ARGS(db_text(STR("x"))));
    db_run(db, "INSERT INTO t(k) VALUES(?1)", DB_ARGS(db_text(STR("x"))));
    assert_true(db_failed(db));
    db_run(db, "INSERT INTO t(k) VALUES('later')", DB_NO_ARGS);
    assert_int_equal(count(db), -1); /* no rows after a failure, either */
    assert_fails(db_commit(db, &err), ERR_INTERNAL, &err, "UNIQUE");
    db_begin(db);
    assert_false(db_failed(db));
    assert_int_equal(count(db), 0);
    db_rollback(db);
    db_begin(db);
    db_run(db, "INSERT INTO nowhere VALUES(1)", DB_NO_ARGS);
    assert_fails(db_commit(db, &err), ERR_INTERNAL, &err, "nowhere");
    db_close(db);
}

static void query_inside_itself(void **state)
{
    (void) state;
    struct db *db = open_db(NULL);
    db_begin(db);
    db_exec(db, "INSERT INTO t(k) VALUES('a'),('b')");
    static const char sql[] = "SELECT k FROM t";
    size_t pairs = 0;
    struct db_stmt *outer = db_query(db, sql, DB_NO_ARGS);
    while (db_next(outer)) {
        struct db_stmt *inner = db_query(db, sql, DB_NO_ARGS);
        while (db_next(inner))
            pairs++;
        db_finish(&inner);
    }
    db_finish(&outer);
    assert_int_equal(pairs, 4);
    db_rollback(db);
    db_close(db);
}

static void committed_rows_survive(void **state)
{
    struct arena *arena = *state;
    struct err err = {0};
    const char *folder = test_folder_new(arena);
    const char *path = path_join(arena, str_from(folder), STR("x.db")).ptr;
    struct db *db = open_db(path);
    db_begin(db);
    db_exec(db, "INSERT INTO t(k) VALUES('kept')");
    assert_ok(db_commit(db, &err), &err);
    db_begin(db);
    db_exec(db, "INSERT INTO t(k) VALUES('lost')");
    db_close(db);
    db = open_db(path);
    db_begin(db);
    assert_int_equal(count(db), 1);
    db_close(db);
    assert_ok(
        file_write_atomic(
            path, STR("not a database at all, but long enough to be read"), 0600, &err),
        &err);
    struct db *broken = NULL;
    assert_fails(db_open(path, &broken, &err), ERR_IO, &err, path);
    assert_fails(db_open(folder, &broken, &err), ERR_IO, &err, "cannot be used");
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(keeps_every_type), WITH_ARENA(first_failure_undoes_the_transaction),
        WITH_ARENA(query_inside_itself), WITH_ARENA(committed_rows_survive)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
