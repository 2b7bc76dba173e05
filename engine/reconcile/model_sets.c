#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "engine/base/template.h"
#include "engine/base/utf8.h"
#include "engine/plan/world.h"
#include "engine/reconcile/desired_internal.h"
#include "engine/resource/names.h"
#include "specs/spec.h"

#include <ctype.h>

/* spec.modelSets, partitions: one model for each value of a column. The data is read and parted by
 * the world; here values become names, and parts become channels. */

#define NAME_MAX_LEN 101
#define NAME_HASH_LEN 8

/* ---- values to names ---- */

static unsigned code_point(struct str text, size_t at, size_t len)
{
    static const unsigned char s_first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned point = (unsigned char) text.ptr[at] & s_first[len];
    for (size_t i = 1; i < len; i++)
        point = point << 6 | ((unsigned char) text.ptr[at + i] & 0x3fU);
    return point;
}

/* '_' for what cannot be in a name, "u00fc" for what is outside ASCII, "xff" for what is no text.
 */
static struct str safe_value(struct arena *arena, struct str value)
{
    AUTO(buf_done) struct buf out = BUF_INIT(KIB(16));
    if (str_is_empty(value))
        return STR("_");
    for (size_t at = 0, len; at<value.len; at += len> 0 ? len : 1) {
        char c = value.ptr[at];
        len = utf8_char_len(value, at);
        if (len == 0)
            buf_fmt(&out, "x%02x", (unsigned char) c);
        else if (len > 1)
            buf_fmt(&out, "u%04x", code_point(value, at, len));
        else
            buf_add_char(
                &out, isalnum((unsigned char) c) || c == '.' || c == '-' || c == '_' ? c : '_');
    }
    return str_dup(arena, buf_str(&out));
}

/* No "--", which ends a name in keys; a letter or digit first; no more than fits, with the value's
 * hash instead of what is cut off. */
static struct str safe_name(struct arena *arena, struct str name, struct str value)
{
    bool starts = name.len > 0 && isalnum((unsigned char) name.ptr[0]);
    char *out = str_z(arena, str_fmt(arena, "%s" STR_FMT, starts ? "" : "x", STR_ARG(name)));
    size_t len = strlen(out);
    for (size_t i = 1; i < len; i++)
        if (out[i] == '-' && out[i - 1] == '-')
            out[i] = '_';
    if (len <= NAME_MAX_LEN)
        return str_of(out, len);
    struct str hash = str_slice(sha256_hex(arena, value), 0, NAME_HASH_LEN);
    return str_fmt(
        arena, STR_FMT "_" STR_FMT, STR_ARG(str_of(out, NAME_MAX_LEN - NAME_HASH_LEN - 1)),
        STR_ARG(hash));
}

static struct str fill(struct arena *arena, struct str template, struct str value)
{
    const struct template_value values[] = {{STR_INIT("key"), value}};
    struct str out = template, unknown;
    if (!str_is_empty(template)) /* the places were checked with the spec */
        (void) template_fill(arena, template, values, 1, &out, &unknown);
    return out;
}

static struct str set_model_name(struct arena *arena, struct str template, struct str value)
{
    return safe_name(arena, fill(arena, template, safe_value(arena, value)), value);
}

/* ---- one set ---- */

/* A channel of the set, parted. */
struct parted {
    const struct spec_channel *from;
    struct want_channel whole;
    struct split *split;
    struct map *by_value; /* to its struct split_part; not of the channel that makes the models */
};

struct making {
    struct reconciler *r;
    const struct spec *spec;
    const struct spec_model_set *set;
    struct want *want;
    struct want_set *report;
    struct set_models *out;
    struct map *names; /* of all models, to the struct want_model's value or the spec's model */
    struct want_pair *hyperparameters;
    size_t n_hyperparameters;
    struct parted *parted; /* sorted by name */
    size_t n_parted;
    const struct parted *main; /* the one that makes the models */
    VEC(const struct split_part *) small;
    VEC(struct want_pair) renamed;
};

static int parted_by_name(const void *a, const void *b)
{
    const struct parted *x = a, *y = b;
    return str_cmp(x->whole.name, y->whole.name);
}

static int pair_by_name(const void *a, const void *b)
{
    const struct want_pair *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

/* A row's fault is the channel's; that there is no such column, or no row, the partition's. */
static enum err_code
split_fault(const struct making *m, const struct parted *parted, struct err *err)
{
    bool row = err->at.line != 0, source = err->code != ERR_SPEC;
    err->at = (struct srcloc){NULL, 0, 0};
    if (row || source)
        err_wrap(err, "channel '" STR_FMT "'", STR_ARG(parted->whole.name));
    if (err->code == ERR_NOT_FOUND && !str_is_null(parted->whole.path))
        err_hint(err, "a path in a spec starts at the spec's own folder");
    return err_locate(err, row || source ? parted->whole.at : m->set->partition.at);
}

static void index_parts(struct arena *arena, struct parted *parted)
{
    parted->by_value = map_new(arena);
    map_reserve(parted->by_value, parted->split->n_parts);
    for (size_t i = 0; i < parted->split->n_parts; i++)
        map_put(parted->by_value, parted->split->parts[i].value, &parted->split->parts[i]);
}

static bool has_weights(const struct making *m)
{
    for (size_t i = 0; i < m->n_hyperparameters; i++)
        if (str_eq_z(m->hyperparameters[i].name, "csv_weights"))
            return str_eq_z(m->hyperparameters[i].value, "1");
    return false;
}

static enum err_code check_columns(const struct making *m, struct err *err)
{
    for (size_t i = 0; i < m->n_parted; i++) {
        const struct parted *other = &m->parted[i];
        if (other->split->n_cols == m->main->split->n_cols)
            continue;
        err_set(
            err, ERR_SPEC, "channel '" STR_FMT "' has %zu features, channel '" STR_FMT "' has %zu",
            STR_ARG(other->whole.name), other->split->n_cols, STR_ARG(m->main->whole.name),
            m->main->split->n_cols);
        err_hint(err, "all channels of a set have the same columns, the one to part by included");
        return err_locate(err, other->whole.at);
    }
    return ERR_NONE;
}

static enum err_code part_channels(struct making *m, struct err *err)
{
    const struct spec_model_set *set = m->set;
    struct arena *arena = m->r->arena;
    const struct split_options options = {
        .column = (size_t) set->partition.column,
        .csv_weights = has_weights(m),
        .keep = m->want->trains_here};
    m->n_parted = set->n_channels;
    m->parted = ARENA_ARRAY(arena, m->n_parted, struct parted);
    for (size_t i = 0; i < m->n_parted; i++) {
        const struct spec_channel *from = &set->channels[i];
        m->parted[i] = (struct parted){
            .from = from,
            .whole = {
                .name = from->name.value,
                .content_type = from->content_type.value,
                .path = from->path,
                .source = from->source.value,
                .s3_uri = from->source.value,
                .at = from->source.at}};
        enum err_code code = m->r->world->ops->split_channel(
            m->r->world, arena, m->want, &m->parted[i].whole, &options, &m->parted[i].split, err);
        if (code != ERR_NONE)
            return split_fault(m, &m->parted[i], err);
    }
    if (m->n_parted > 1)
        qsort(m->parted, m->n_parted, sizeof(*m->parted), parted_by_name);
    for (size_t i = 0; i < m->n_parted; i++) {
        if (str_eq(m->parted[i].whole.name, set->partition.channel.value))
            m->main = &m->parted[i];
        else
            index_parts(arena, &m->parted[i]);
    }
    return check_columns(m, err);
}

/* ---- one model ---- */

static struct want_channel
channel_of(const struct making *m, const struct parted *parted, size_t part, struct str model)
{
    struct arena *arena = m->r->arena;
    const struct want *want = m->want;
    const struct split_part *found = &parted->split->parts[part];
    struct want_channel out = parted->whole;
    out.split = parted->split;
    out.part = part;
    out.digest = found->digest;
    out.size = found->size;
    out.path = STR_NULL;
    out.index = str_fmt(arena, STR_FMT "/" STR_FMT, STR_ARG(model), STR_ARG(out.name));
    out.source = str_fmt(
        arena, STR_FMT " (" STR_FMT ")", STR_ARG(parted->whole.source), STR_ARG(found->value));
    struct str file = path_base(parted->whole.source);
    out.key = key_data(arena, want->prefix, out.digest, file.len > 0 ? file : STR("part.csv"));
    out.s3_uri =
        str_fmt(arena, "s3://" STR_FMT "/" STR_FMT, STR_ARG(want->bucket), STR_ARG(out.key));
    return out;
}

static enum err_code name_taken(
    const struct making *m, struct str name, struct str value, const void *taken, struct err *err)
{
    if (taken == m) {
        err_set(
            err, ERR_SPEC, "set '" STR_FMT "' makes model '" STR_FMT "', which is defined already",
            STR_ARG(m->set->name.value), STR_ARG(name));
        err_hint(err, "give the set or the model another name");
        return err_locate(err, m->set->name.at);
    }
    const struct str *first = taken;
    err_set(
        err, ERR_SPEC,
        "values '" STR_FMT "' and '" STR_FMT "' of column %lld both make model '" STR_FMT "'",
        STR_ARG(*first), STR_ARG(value), (long long) m->set->partition.column, STR_ARG(name));
    err_hint(err, "what cannot be in a name is replaced by '_'; change one of the values");
    return err_locate(err, m->set->name.at);
}

static enum err_code make_model(struct making *m, size_t part, struct err *err)
{
    struct arena *arena = m->r->arena;
    struct split_part *found = &m->main->split->parts[part];
    if (found->rows < m->report->min_rows) {
        *VEC_PUSH(arena, &m->small) = found;
        return ERR_NONE;
    }
    struct str name = set_model_name(arena, m->set->name.value, found->value);
    const void *taken = map_get(m->names, name);
    if (taken != NULL)
        return name_taken(m, name, found->value, taken, err);
    map_put(m->names, name, &found->value);
    if (!str_eq(name, fill(arena, m->set->name.value, found->value)))
        *VEC_PUSH(arena, &m->renamed) = (struct want_pair){found->value, name};
    struct want_channel *channels = ARENA_ARRAY(arena, m->n_parted, struct want_channel);
    size_t n = 0;
    for (size_t i = 0; i < m->n_parted; i++) {
        const struct parted *parted = &m->parted[i];
        const struct split_part *mine =
            parted == m->main ? found : map_get(parted->by_value, found->value);
        if (mine != NULL)
            channels[n++] = channel_of(m, parted, (size_t) (mine - parted->split->parts), name);
    }
    m->report->n_unvalidated += n < m->n_parted;
    *VEC_PUSH(arena, m->out) = (struct want_model){
        .name = name,
        .description = fill(arena, m->set->description.value, found->value),
        .hyperparameters = m->hyperparameters,
        .n_hyperparameters = m->n_hyperparameters,
        .trained = true,
        .protect = m->set->protect,
        .channels = channels,
        .n_channels = n,
        .set = m->set->name.value,
        .set_value = found->value,
        .at = m->set->at};
    m->report->n_models++;
    return ERR_NONE;
}

/* ---- all of them ---- */

static void count_strays(struct making *m)
{
    struct map *known = map_new(m->r->arena);
    for (size_t i = 0; i < m->main->split->n_parts; i++)
        map_put(known, m->main->split->parts[i].value, m);
    for (size_t i = 0; i < m->n_parted; i++)
        for (size_t k = 0; &m->parted[i] != m->main && k < m->parted[i].split->n_parts; k++)
            m->report->n_strays += !map_has(known, m->parted[i].split->parts[k].value);
}

static enum err_code check_count(const struct making *m, struct err *err)
{
    size_t total = m->spec->n_models + m->out->len;
    if (m->report->n_models == 0) {
        err_set(
            err, ERR_SPEC, "set '" STR_FMT "' makes no model: no value has %zu rows",
            STR_ARG(m->set->name.value), m->report->min_rows);
        err_hint(err, "the largest counts; lower 'minRows', or take the set out");
        return err_locate(err, m->set->partition.at);
    }
    if (total <= SPEC_SET_MODELS_MAX)
        return ERR_NONE;
    err_set(
        err, ERR_SPEC,
        "set '" STR_FMT "' makes %zu models, which are %zu in all; a stack with model sets has at "
        "most %d",
        STR_ARG(m->set->name.value), m->report->n_models, total, SPEC_SET_MODELS_MAX);
    err_hint(err, "raise 'minRows', or split the data into several stacks");
    return err_locate(err, m->set->partition.at);
}

static void fill_hyperparameters(struct making *m)
{
    const struct spec_map *map = &m->set->hyperparameters;
    m->n_hyperparameters = map->len;
    m->hyperparameters = ARENA_ARRAY(m->r->arena, map->len, struct want_pair);
    for (size_t i = 0; i < map->len; i++)
        m->hyperparameters[i] = (struct want_pair){map->items[i].name, map->items[i].value};
    if (map->len > 1)
        qsort(m->hyperparameters, map->len, sizeof(*m->hyperparameters), pair_by_name);
}

static enum err_code make_set(struct making *m, struct err *err)
{
    *m->report = (struct want_set){
        .name = m->set->name.value,
        .column = m->set->partition.column,
        .min_rows = (size_t) m->set->min_rows};
    fill_hyperparameters(m);
    enum err_code code = part_channels(m, err);
    if (code != ERR_NONE)
        return code;
    m->report->source = m->main->whole.source;
    for (size_t i = 0; code == ERR_NONE && i < m->main->split->n_parts; i++)
        code = make_model(m, i, err);
    if (code != ERR_NONE)
        return code;
    count_strays(m);
    m->report->small = m->small.items;
    m->report->n_small = m->small.len;
    m->report->renamed = m->renamed.items;
    m->report->n_renamed = m->renamed.len;
    return check_count(m, err);
}

static bool reads_s3(const struct spec_model_set *set)
{
    for (size_t i = 0; i < set->n_channels; i++)
        if (str_is_null(set->channels[i].path))
            return true;
    return false;
}

enum err_code desired_partitions(
    struct reconciler *r,
    const struct spec *spec,
    struct want *want,
    struct set_models *out,
    size_t *unread,
    struct err *err)
{
    struct map *names = map_new(r->arena);
    want->sets = ARENA_ARRAY(r->arena, spec->n_sets, struct want_set);
    for (size_t i = 0; i < spec->n_sets; i++) {
        if (!spec->sets[i].partition.set)
            continue;
        if (unread != NULL && reads_s3(&spec->sets[i])) {
            ++*unread;
            continue;
        }
        struct making m = {
            .r = r,
            .spec = spec,
            .set = &spec->sets[i],
            .want = want,
            .report = &want->sets[want->n_sets++],
            .out = out,
            .names = names};
        /* What is there before a set is taken, for each of its values. */
        for (size_t k = 0; k < spec->n_models; k++)
            map_put(names, spec->models[k].name.value, &m);
        for (size_t k = 0; k < out->len; k++)
            map_put(names, out->items[k].name, &m);
        enum err_code code = make_set(&m, err);
        if (code != ERR_NONE)
            return code;
    }
    return ERR_NONE;
}
