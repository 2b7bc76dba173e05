/* The only file that includes SQLite. WAL with synchronous=OFF: a commit is one write to the log
 * and nothing is ever fsynced, which is safe against the death of the process; a power cut may
 * damage this database, which holds a stand-in's world and nothing of its user's.
 * https://www.sqlite.org/pragma.html#pragma_synchronous */
#include "engine/local/db.h"

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>

enum {
    CACHE_SLOTS = 512, /* a power of two, well above the number of literals */
    BUSY_MS = 5000,
};

struct db_stmt {
    struct db *db;
    sqlite3_stmt *stmt; /* NULL: it could not be prepared */
    bool in_use, cached;
};

struct db {
    sqlite3 *handle;
    bool in_transaction; /* between db_begin() and its end */
    bool begun;          /* SQLite's own, from the first statement that writes */
    sqlite3_stmt *begin, *commit;
    enum err_code failure; /* the first since db_begin() */
    struct err reason;
    struct {
        const char *sql;
        struct db_stmt stmt;
    } cache[CACHE_SLOTS];
};

static void db_fail(struct db *db, const char *doing)
{
    if (db->failure != ERR_NONE)
        return;
    int rc = sqlite3_extended_errcode(db->handle);
    enum err_code code = ERR_INTERNAL;
    switch (rc & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_READONLY:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        code = ERR_IO;
        break;
    default:
        break;
    }
    db->failure = code;
    err_set(&db->reason, code, "%s: %s", doing, sqlite3_errmsg(db->handle));
    if ((rc & 0xff) == SQLITE_FULL)
        err_hint(&db->reason, "free some space on the disk");
}

static void run_own(struct db *db, sqlite3_stmt *stmt, const char *doing)
{
    int rc = sqlite3_step(stmt);
    if (rc != SQLITE_DONE)
        db_fail(db, doing);
    sqlite3_reset(stmt);
}

/* Reads need no transaction: whoever uses the database is alone with it. */
static void begin_writing(struct db *db)
{
    if (!db->in_transaction || db->begun || db->failure != ERR_NONE)
        return;
    run_own(db, db->begin, "beginning a transaction");
    db->begun = db->failure == ERR_NONE;
}

void db_exec(struct db *db, const char *sql)
{
    begin_writing(db);
    if (db->failure == ERR_NONE && sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        db_fail(db, "changing the database");
}

static void prepare_own(struct db *db)
{
    if (db->failure == ERR_NONE &&
        (sqlite3_prepare_v3(
             db->handle, "BEGIN IMMEDIATE", -1, SQLITE_PREPARE_PERSISTENT, &db->begin, NULL) !=
             SQLITE_OK ||
         sqlite3_prepare_v3(
             db->handle, "COMMIT", -1, SQLITE_PREPARE_PERSISTENT, &db->commit, NULL) != SQLITE_OK))
        db_fail(db, "preparing transactions");
}

static pthread_once_t s_once = PTHREAD_ONCE_INIT;

/* Nobody asks SQLite how much memory it has; counting takes a lock at every malloc(3) of its. */
static void configure(void)
{
    (void) sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

enum err_code db_open(const char *path, struct db **out, struct err *err)
{
    (void) pthread_once(&s_once, configure);
    struct db *db = xmalloc(sizeof(*db));
    *db = (struct db){0};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int rc = sqlite3_open_v2(path != NULL ? path : ":memory:", &db->handle, flags, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_busy_timeout(db->handle, BUSY_MS);
        /* Alone with the file (its home is locked), so the log's index needs no shared memory. */
        db_exec(
            db, path != NULL
                    ? "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
                      "PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;"
                      "PRAGMA auto_vacuum=FULL; PRAGMA cache_size=-32768;"
                    : "PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;");
        prepare_own(db);
    } else if (db->handle != NULL) {
        db_fail(db, "opening it");
    }
    if (db->handle == NULL || db->failure != ERR_NONE) {
        enum err_code code = err_set(
            err, ERR_IO, "database '%s' cannot be used: %s", path != NULL ? path : ":memory:",
            db->handle != NULL ? db->reason.message : "out of memory");
        db_close(db);
        return code;
    }
    *out = db;
    return ERR_NONE;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    if (db->handle != NULL) {
        db_rollback(db);
        for (size_t i = 0; i < CACHE_SLOTS; i++)
            sqlite3_finalize(db->cache[i].stmt.stmt);
        sqlite3_finalize(db->begin);
        sqlite3_finalize(db->commit);
        sqlite3_close_v2(db->handle);
    }
    xfree(db);
}

void db_begin(struct db *db)
{
    assert(!db->in_transaction);
    db->failure = ERR_NONE;
    db->reason.code = ERR_NONE;
    db->in_transaction = true;
}

enum err_code db_commit(struct db *db, struct err *err)
{
    if (db->failure == ERR_NONE && db->begun)
        run_own(db, db->commit, "committing");
    if (db->failure == ERR_NONE) {
        db->in_transaction = false;
        db->begun = false;
        return ERR_NONE;
    }
    db_rollback(db);
    *err = db->reason;
    return err->code;
}

void db_rollback(struct db *db)
{
    /* SQLite may have rolled back by itself (disk full); a second ROLLBACK is harmless. */
    if (db->begun && sqlite3_get_autocommit(db->handle) == 0)
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    db->in_transaction = false;
    db->begun = false;
}

enum err_code db_copy(struct db *from, struct db *to, struct err *err)
{
    assert(!from->in_transaction && !to->in_transaction);
    sqlite3_backup *backup = sqlite3_backup_init(to->handle, "main", from->handle, "main");
    if (backup != NULL) {
        sqlite3_backup_step(backup, -1);
        if (sqlite3_backup_finish(backup) == SQLITE_OK)
            return ERR_NONE;
    }
    return err_set(err, ERR_IO, "the database cannot be copied: %s", sqlite3_errmsg(to->handle));
}

bool db_failed(const struct db *db)
{
    return db->failure != ERR_NONE;
}

static struct db_stmt *stmt_get(struct db *db, const char *sql)
{
    size_t slot = (size_t) (((uintptr_t) sql * UINT64_C(0x9E3779B97F4A7C15)) >> 40);
    for (size_t probe = 0; probe < CACHE_SLOTS; probe++) {
        size_t i = (slot + probe) & (CACHE_SLOTS - 1);
        if (db->cache[i].sql != NULL && db->cache[i].sql != sql)
            continue;
        struct db_stmt *stmt = &db->cache[i].stmt;
        if (stmt->in_use)
            break; /* the same query inside itself */
        if (db->cache[i].sql == NULL &&
            sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt->stmt, NULL) !=
                SQLITE_OK) {
            db_fail(db, "preparing a statement");
            break;
        }
        db->cache[i].sql = sql;
        stmt->cached = true;
        return stmt;
    }
    struct db_stmt *stmt = xmalloc(sizeof(*stmt));
    *stmt = (struct db_stmt){0};
    if (sqlite3_prepare_v3(db->handle, sql, -1, 0, &stmt->stmt, NULL) != SQLITE_OK)
        db_fail(db, "preparing a statement");
    return stmt;
}

static int bind(sqlite3_stmt *stmt, int index, const struct db_arg *arg)
{
    switch (arg->type) {
    case DB_ARG_TEXT:
        return sqlite3_bind_text64(
            stmt, index, arg->text.ptr, arg->text.len, SQLITE_STATIC, SQLITE_UTF8);
    case DB_ARG_INT:
        return sqlite3_bind_int64(stmt, index, arg->integer);
    case DB_ARG_NULL:
    default:
        return sqlite3_bind_null(stmt, index);
    }
}

struct db_stmt *db_query(struct db *db, const char *sql, const struct db_arg *args, size_t count)
{
    struct db_stmt *stmt = stmt_get(db, sql);
    stmt->db = db;
    stmt->in_use = true;
    if (stmt->stmt != NULL && sqlite3_stmt_readonly(stmt->stmt) == 0)
        begin_writing(db);
    if (stmt->stmt != NULL && (size_t) sqlite3_bind_parameter_count(stmt->stmt) > count)
        sqlite3_clear_bindings(stmt->stmt);
    for (size_t i = 0; i < count && stmt->stmt != NULL; i++)
        if (bind(stmt->stmt, (int) i + 1, &args[i]) != SQLITE_OK)
            db_fail(db, "binding an argument");
    return stmt;
}

bool db_next(struct db_stmt *stmt)
{
    if (stmt->db->failure != ERR_NONE || stmt->stmt == NULL)
        return false;
    int rc = sqlite3_step(stmt->stmt);
    if (rc == SQLITE_ROW)
        return true;
    if (rc != SQLITE_DONE)
        db_fail(stmt->db, "running a statement");
    return false;
}

void db_finish(struct db_stmt **stmt_ptr)
{
    struct db_stmt *stmt = *stmt_ptr;
    *stmt_ptr = NULL;
    if (stmt == NULL)
        return;
    stmt->in_use = false;
    if (stmt->cached) {
        sqlite3_reset(stmt->stmt); /* what is bound is not looked at before it is bound anew */
        return;
    }
    sqlite3_finalize(stmt->stmt);
    xfree(stmt);
}

int64_t db_run(struct db *db, const char *sql, const struct db_arg *args, size_t count)
{
    int64_t before = sqlite3_total_changes64(db->handle);
    struct db_stmt *stmt = db_query(db, sql, args, count);
    while (db_next(stmt)) {
    }
    db_finish(&stmt);
    return sqlite3_total_changes64(db->handle) - before;
}

struct db_arg db_text(struct str value)
{
    if (str_is_null(value))
        return (struct db_arg){.type = DB_ARG_NULL};
    return (struct db_arg){.type = DB_ARG_TEXT, .text = value};
}

struct db_arg db_int(int64_t value)
{
    return (struct db_arg){.type = DB_ARG_INT, .integer = value};
}

struct str db_col_view(struct db_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt->stmt, column);
    if (text == NULL)
        return STR_NULL;
    return str_of(text, (size_t) sqlite3_column_bytes(stmt->stmt, column));
}

struct str db_col_text(struct db_stmt *stmt, int column, struct arena *arena)
{
    return str_dup(arena, db_col_view(stmt, column));
}

int64_t db_col_int(struct db_stmt *stmt, int column)
{
    return sqlite3_column_int64(stmt->stmt, column);
}

bool db_col_is_null(struct db_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt->stmt, column) == SQLITE_NULL;
}
