#include "engine/serve/ensemble.h"

#include "engine/base/file.h"
#include "engine/base/vec.h"
#include "engine/xgb/artifact.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* Of one model's file, as artifact.h has it; an arena holds its bytes while it loads. */
#define FILE_MAX_BYTES MIB(512)
#define LOAD_ARENA_BYTES MIB(4096)

enum { MEMBERS_MAX = 100, FILES_MAX = 1000 };

static void closedir_of(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

static enum err_code add(struct ensemble *ensemble, struct str bytes, struct err *err)
{
    struct booster *booster = NULL;
    enum err_code code = booster_load(bytes, &booster, err);
    if (code != ERR_NONE)
        return code;
    ensemble->members[ensemble->len++] = booster;
    const struct booster *first = ensemble->members[0];
    if (booster_features(booster) != booster_features(first) ||
        booster_outputs(booster) != booster_outputs(first))
        return err_set(
            err, ERR_PROTOCOL,
            "an ensemble's models have to fit each other: %zu features and %zu outputs here, %zu "
            "and %zu in the first",
            booster_features(booster), booster_outputs(booster), booster_features(first),
            booster_outputs(first));
    return ERR_NONE;
}

/* A tar.gz is told by its first bytes: a gzip header is no model's. */
static enum err_code
add_file(struct ensemble *ensemble, const char *path, bool may_be_packed, struct err *err)
{
    AUTO(arena_close) struct arena *arena = arena_new("model load", LOAD_ARENA_BYTES);
    struct str bytes = STR_NULL;
    struct artifact artifact = {.model = STR_NULL};
    enum err_code code = file_read(arena, path, FILE_MAX_BYTES, &bytes, err);
    if (code != ERR_NONE)
        return code;
    if (may_be_packed && str_starts(bytes, STR("\x1f\x8b"))) {
        code = artifact_read(arena, bytes, &artifact, err);
        bytes = artifact.model;
    }
    return code == ERR_NONE ? add(ensemble, bytes, err) : code;
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(*(const struct str *) a, *(const struct str *) b);
}

/* The names of the files that count, sorted: the order of a folder is the file system's whim. */
static enum err_code list_files(
    struct arena *arena,
    const char *folder,
    struct str **ret_names,
    size_t *ret_len,
    struct err *err)
{
    AUTO(closedir_of) DIR *dir = opendir(folder);
    if (dir == NULL)
        return err_errno(err, errno, "opening '%s'", folder);
    VEC(struct str) names = {0};
    for (;;) {
        struct stat info;
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL)
            break;
        if (entry->d_name[0] == '.' ||
            fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(info.st_mode))
            continue;
        if (names.len == FILES_MAX)
            return err_set(err, ERR_PROTOCOL, "'%s' holds more than %d files", folder, FILES_MAX);
        *VEC_PUSH(arena, &names) = str_dup(arena, str_from(entry->d_name));
    }
    if (errno != 0)
        return err_errno(err, errno, "reading '%s'", folder);
    if (names.len == 0)
        return err_set(err, ERR_PROTOCOL, "there is no model in '%s'", folder);
    qsort(names.items, names.len, sizeof(*names.items), by_name);
    *ret_names = names.items;
    *ret_len = names.len;
    return ERR_NONE;
}

static enum err_code
add_folder(struct ensemble *ensemble, const char *folder, bool all, struct err *err)
{
    AUTO(arena_close) struct arena *arena = arena_new("model folder", MIB(4));
    struct str *names = NULL;
    size_t len = 0;
    enum err_code code = list_files(arena, folder, &names, &len, err);
    len = all || len == 0 ? len : 1;
    if (code == ERR_NONE && len > MEMBERS_MAX)
        return err_set(
            err, ERR_PROTOCOL, "'%s' holds %zu models, an ensemble has at most %d", folder, len,
            MEMBERS_MAX);
    for (size_t i = 0; i < len && code == ERR_NONE; i++) {
        struct str path = path_join(arena, str_from(folder), names[i]);
        code = add_file(ensemble, path.ptr, false, err);
        if (code != ERR_NONE)
            (void) err_wrap(err, "file '" STR_FMT "'", STR_ARG(names[i]));
    }
    return code;
}

enum err_code ensemble_load(struct str path, bool all, struct ensemble *out, struct err *err)
{
    AUTO(arena_close) struct arena *arena = arena_new("model path", KIB(64));
    const char *where = str_z(arena, path);
    struct ensemble ensemble = {.members = xmalloc(MEMBERS_MAX * sizeof(*ensemble.members))};
    struct stat info;
    enum err_code code = ERR_NONE;
    if (stat(where, &info) != 0)
        code = err_errno(err, errno, "opening '%s'", where);
    else if (S_ISDIR(info.st_mode))
        code = add_folder(&ensemble, where, all, err);
    else if (S_ISREG(info.st_mode))
        code = add_file(&ensemble, where, true, err);
    else
        code = err_set(err, ERR_PROTOCOL, "'%s' is neither a folder nor a file", where);
    if (code != ERR_NONE) {
        ensemble_done(&ensemble);
        return code;
    }
    *out = ensemble;
    return ERR_NONE;
}

void ensemble_done(struct ensemble *ensemble)
{
    for (size_t i = 0; i < ensemble->len; i++)
        booster_free(ensemble->members[i]);
    xfree(ensemble->members);
    *ensemble = (struct ensemble){0};
}

size_t ensemble_features(const struct ensemble *ensemble)
{
    return booster_features(ensemble->members[0]);
}

size_t ensemble_outputs(const struct ensemble *ensemble)
{
    return booster_outputs(ensemble->members[0]);
}

size_t ensemble_memory(const struct ensemble *ensemble)
{
    size_t bytes = 0;
    for (size_t i = 0; i < ensemble->len; i++)
        bytes += booster_memory(ensemble->members[i]);
    return bytes;
}

const char *ensemble_fallback(const struct ensemble *ensemble)
{
    const char *why = NULL;
    for (size_t i = 0; i < ensemble->len && why == NULL; i++)
        why = booster_fallback(ensemble->members[i]);
    return why;
}

/* numpy.mean() of one value a model, which numpy adds pairwise: up to seven in turn, more in eight
 * columns (pairwise_sum of its loops_utils.h.src; an ensemble has fewer than its block of 128). */
static float sum_pairwise(const float *values, size_t count)
{
    float columns[8], sum = 0;
    size_t whole = count - count % 8, i = 8;
    if (count < 8) {
        for (size_t k = 0; k < count; k++)
            sum += values[k];
        return sum;
    }
    memcpy(columns, values, sizeof(columns));
    for (; i < whole; i++)
        columns[i % 8] += values[i];
    sum = ((columns[0] + columns[1]) + (columns[2] + columns[3])) +
          ((columns[4] + columns[5]) + (columns[6] + columns[7]));
    for (; i < count; i++)
        sum += values[i];
    return sum;
}

/* One row with one output, the usual call. */
static enum err_code predict_one(
    const struct ensemble *ensemble,
    const float *values,
    size_t cols,
    float *prediction,
    struct err *err)
{
    float each[MEMBERS_MAX];
    for (size_t i = 0; i < ensemble->len; i++) {
        enum err_code code =
            booster_predict(ensemble->members[i], values, 1, cols, &each[i], 1, err);
        if (code != ERR_NONE)
            return code;
    }
    *prediction = sum_pairwise(each, ensemble->len) / (float) ensemble->len;
    return ERR_NONE;
}

enum err_code ensemble_predict(
    const struct ensemble *ensemble,
    struct arena *arena,
    const float *values,
    size_t rows,
    size_t cols,
    float *predictions,
    size_t capacity,
    struct err *err)
{
    if (ensemble->len > 1 && rows == 1 && ensemble_outputs(ensemble) == 1 && capacity > 0)
        return predict_one(ensemble, values, cols, predictions, err);
    enum err_code code =
        booster_predict(ensemble->members[0], values, rows, cols, predictions, capacity, err);
    if (ensemble->len == 1 || code != ERR_NONE)
        return code;
    size_t n = rows * ensemble_outputs(ensemble);
    float *more = ARENA_ARRAY(arena, n, float);
    for (size_t i = 1; i < ensemble->len; i++) {
        code = booster_predict(ensemble->members[i], values, rows, cols, more, n, err);
        if (code != ERR_NONE)
            return code;
        for (size_t k = 0; k < n; k++)
            predictions[k] += more[k];
    }
    for (size_t k = 0; k < n; k++)
        predictions[k] /= (float) ensemble->len;
    return ERR_NONE;
}
