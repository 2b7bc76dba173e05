#include "engine/base/arena.h"
#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "specs/spec.h"
#include "specs/spec_check.h"
#include "specs/spec_read.h"
#include "specs/spec_regions.h"
#include "specs/spec_value.h"
#include "specs/yaml_doc.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

/* A folder with more specs than this is not meant. */
enum { FOLDER_MAX_FILES = 10000 };

struct loader {
    struct arena *arena;
    struct diags *diags;
    const struct spec_options *options;
    struct spec_reader reader;
    VEC(struct spec *) specs;
    bool *declared; /* per --set: some document declares it */
    bool broken;    /* some document could not be read, so more may be declared than is known */
};

static void load_document(
    struct loader *loader,
    const struct ynode *root,
    struct str file,
    struct str folder,
    struct str sha256)
{
    const struct spec_options *options = loader->options;
    struct spec *spec = ARENA_NEW(loader->arena, struct spec);
    spec_read_document(&loader->reader, root, spec);
    spec->file = file;
    spec->folder = folder;
    spec->sha256 = sha256;
    for (size_t i = 0; i < options->n_sets; i++)
        loader->declared[i] |= spec_vars_declares(&loader->reader.vars, options->sets[i].name);
    if (!str_is_null(options->region) && spec->n_regions == 0) {
        if (!str_eq(spec->region.value, options->region))
            spec->region_written = spec->region;
        spec->region = (struct spec_str){options->region, {"--region", 0, 0}};
    }
    spec_complete(loader->arena, loader->diags, spec);
    spec_check(loader->arena, loader->diags, spec);
    struct spec_list stacks;
    spec_regions_expand(loader->arena, loader->diags, options, spec, &stacks);
    for (size_t i = 0; i < stacks.len; i++)
        *VEC_PUSH(loader->arena, &loader->specs) = stacks.items[i];
}

static void load_text(struct loader *loader, struct str text, struct str file, struct str folder)
{
    AUTO(arena_close) struct arena *nodes = arena_new("YAML", 0);
    const char *name = str_z(loader->arena, file);
    struct ydoc_list docs;
    bool good = ydoc_read(loader->arena, nodes, text, name, loader->diags, &docs);
    loader->broken |= !good;
    struct str sha256 = sha256_hex(loader->arena, text);
    for (size_t i = 0; i < docs.len; i++)
        load_document(loader, docs.items[i], file, folder, sha256);
    if (good && docs.len == 0) {
        struct diag *diag =
            diags_error(loader->diags, (struct srcloc){name, 1, 1}, "the file holds no document");
        diag_hint(loader->diags, diag, "`mmectl init` writes a spec to start from");
    }
}

/* What cannot be read may be no spec at all: too large, a folder's name, a device. */
static enum err_code unreadable(enum err_code code, struct err *err)
{
    if (code != ERR_IO)
        return code;
    return err_hint(
        err, "a spec is YAML text of at most %zu MiB; a folder of smaller ones is read as one",
        YDOC_MAX_BYTES / MIB(1));
}

static enum err_code load_stdin(struct loader *loader, struct err *err)
{
    AUTO(arena_close) struct arena *scratch = arena_new("spec", 0);
    struct str text;
    enum err_code code =
        file_read_fd(scratch, STDIN_FILENO, "standard input", YDOC_MAX_BYTES, &text, err);
    if (code != ERR_NONE)
        return unreadable(code, err);
    load_text(loader, text, STR("-"), STR("."));
    return ERR_NONE;
}

static enum err_code load_file(struct loader *loader, struct str path, struct err *err)
{
    AUTO(arena_close) struct arena *scratch = arena_new("spec", 0);
    struct str text;
    enum err_code code = file_read(scratch, str_z(scratch, path), YDOC_MAX_BYTES, &text, err);
    if (code != ERR_NONE)
        return unreadable(code, err);
    load_text(loader, text, path, str_dup(loader->arena, path_dir(path)));
    return ERR_NONE;
}

static int name_cmp(const void *a, const void *b)
{
    const struct str *left = a, *right = b;
    return str_cmp(*left, *right);
}

static void folder_close(DIR **folder)
{
    if (*folder != NULL)
        (void) closedir(*folder);
}

static enum err_code load_folder(struct loader *loader, struct str path, struct err *err)
{
    const char *path_text = str_z(loader->arena, path);
    DIR *folder AUTO(folder_close) = opendir(path_text);
    if (folder == NULL)
        return err_errno(err, errno, "opening folder '%s'", path_text);
    VEC(struct str) names = {0};
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        struct str name = str_from(entry->d_name);
        bool wanted = str_ends(name, STR(".yaml")) || str_ends(name, STR(".yml"));
        if (!wanted || name.ptr[0] == '.')
            continue;
        if (names.len == FOLDER_MAX_FILES)
            return err_set(
                err, ERR_IO, "folder '%s' holds more than %d specs", path_text, FOLDER_MAX_FILES);
        *VEC_PUSH(loader->arena, &names) = str_dup(loader->arena, name);
    }
    if (names.len == 0) {
        err_set(err, ERR_NOT_FOUND, "folder '%s' holds no *.yaml or *.yml", path_text);
        return err_hint(err, "name a spec, or write one with 'mmectl init'");
    }
    qsort(names.items, names.len, sizeof(*names.items), name_cmp);
    for (size_t i = 0; i < names.len; i++) {
        enum err_code code = load_file(loader, path_join(loader->arena, path, names.items[i]), err);
        if (code != ERR_NONE)
            return code;
    }
    return ERR_NONE;
}

static void check_sets(struct loader *loader)
{
    for (size_t i = 0; i < loader->options->n_sets; i++) {
        const struct spec_pair *set = &loader->options->sets[i];
        if (loader->declared[i])
            continue;
        struct diag *diag = diags_error(
            loader->diags, set->at, "no spec declares the variable '" STR_FMT "'",
            STR_ARG(set->name));
        diag_hint(
            loader->diags, diag, "declare it: 'variables: {" STR_FMT ": \"\"}'",
            STR_ARG(set->name));
    }
}

static void check_region(struct loader *loader)
{
    const struct spec_field *spec = spec_field_find(&spec_document_block, STR("spec"));
    const struct spec_field *field = spec_field_find(spec->block, STR("region"));
    struct str region = loader->options->region;
    if (str_is_null(region) || spec_matches(&loader->reader, field->pattern, region))
        return;
    struct diag *diag = diags_error(
        loader->diags, (struct srcloc){"--region", 0, 0}, "'" STR_FMT "' is not valid as 'region'",
        STR_ARG(region));
    diag_hint(loader->diags, diag, "'region' takes %s", field->pattern_note);
}

static enum err_code
load_paths(struct loader *loader, const struct str *paths, size_t n_paths, struct err *err)
{
    for (size_t i = 0; i < n_paths; i++) {
        enum err_code code;
        if (str_eq_z(paths[i], "-"))
            code = load_stdin(loader, err);
        else if (file_is_dir(str_z(loader->arena, paths[i])))
            code = load_folder(loader, paths[i], err);
        else
            code = load_file(loader, paths[i], err);
        if (code != ERR_NONE)
            return code;
    }
    return ERR_NONE;
}

enum err_code spec_load(
    struct arena *arena,
    const struct str *paths,
    size_t n_paths,
    const struct spec_options *options,
    struct diags *diags,
    struct spec_list *ret_specs,
    struct err *err)
{
    struct loader loader = {.arena = arena, .diags = diags, .options = options};
    loader.declared = ARENA_ARRAY(arena, options->n_sets, bool);
    spec_reader_init(&loader.reader, arena, diags, options);
    enum err_code code = load_paths(&loader, paths, n_paths, err);
    struct spec_list specs = {loader.specs.items, loader.specs.len};
    if (code == ERR_NONE) {
        check_region(&loader);
        spec_check_list(arena, diags, &specs);
        if (!loader.broken && specs.len > 0)
            check_sets(&loader);
    }
    spec_reader_done(&loader.reader);
    diags_sort(diags);
    if (code != ERR_NONE)
        return code;
    if (diags->n_errors > 0)
        return err_set(
            err, ERR_SPEC, "the spec has %zu %s", diags->n_errors,
            diags->n_errors == 1 ? "fault" : "faults");
    *ret_specs = specs;
    return ERR_NONE;
}
