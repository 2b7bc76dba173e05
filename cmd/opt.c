#include "cmd/opt.h"

#include "engine/base/buf.h"

#define MAX_SECONDS ((int64_t) 7 * 24 * 3600)

#define MAX_OPTS 64

static void *field(void *target, const struct opt *opt)
{
    return (char *) target + opt->offset;
}

void opt_defaults(const struct opt_set *const *sets, void *target)
{
    for (; *sets != NULL; sets++)
        for (size_t i = 0; i < (*sets)->len; i++)
            if ((*sets)->opts[i].type == OPT_FLAG_OFF)
                *(bool *) field(target, &(*sets)->opts[i]) = true;
}

static const struct opt *find(const struct opt_set *const *sets, struct str name)
{
    for (; *sets != NULL; sets++)
        for (size_t i = 0; i < (*sets)->len; i++) {
            const struct opt *opt = &(*sets)->opts[i];
            bool is_short = name.len == 1 && opt->short_name != 0 && name.ptr[0] == opt->short_name;
            if (is_short || str_eq_z(name, opt->long_name))
                return opt;
        }
    return NULL;
}

const char *opt_nearest(struct str word, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        size_t distance = str_distance(word, str_from(names[i]));
        if (distance < best_distance) {
            best = names[i];
            best_distance = distance;
        }
    }
    /* A third of the letters may be wrong; two of them always, unless that is the whole word. */
    size_t allowed = word.len / 3 > 2 ? word.len / 3 : 2;
    return best_distance <= allowed && best_distance < word.len ? best : NULL;
}

static enum err_code
unknown(const struct opt_set *const *sets, struct str name, const char *given, struct err *err)
{
    const char *names[MAX_OPTS];
    size_t count = 0;
    for (; *sets != NULL; sets++)
        for (size_t i = 0; i < (*sets)->len && count < MAX_OPTS; i++)
            names[count++] = (*sets)->opts[i].long_name;
    const char *near = opt_nearest(name, names, count);
    enum err_code code = err_set(err, ERR_USAGE, "unknown option '%s'", given);
    return near != NULL ? err_hint(err, "did you mean '--%s'?", near) : code;
}

static bool parse_bool(struct str text, bool *out)
{
    if (str_eq(text, STR("true")) || str_eq(text, STR("1")) || str_eq(text, STR("yes")))
        *out = true;
    else if (str_eq(text, STR("false")) || str_eq(text, STR("0")) || str_eq(text, STR("no")))
        *out = false;
    else
        return false;
    return true;
}

static enum err_code
set_choice(struct arena *arena, const struct opt *opt, int *out, struct str value, struct err *err)
{
    for (int i = 0; opt->choices[i] != NULL; i++)
        if (str_eq_z(value, opt->choices[i])) {
            *out = i;
            return ERR_NONE;
        }
    struct buf all = BUF_INIT(KIB(1));
    for (int i = 0; opt->choices[i] != NULL; i++)
        buf_fmt(&all, "%s%s", i > 0 ? ", " : "", opt->choices[i]);
    char *list = str_z(arena, buf_str(&all));
    buf_done(&all);
    return err_set(
        err, ERR_USAGE, "option '--%s' does not take '" STR_FMT "'; it takes %s", opt->long_name,
        STR_ARG(value), list);
}

static enum err_code set_value(
    struct arena *arena, const struct opt *opt, void *target, struct str value, struct err *err)
{
    void *at = field(target, opt);
    switch (opt->type) {
    case OPT_FLAG:
    case OPT_FLAG_OFF:
        if (!parse_bool(value, at))
            return err_set(
                err, ERR_USAGE, "option '--%s' takes true or false, not '" STR_FMT "'",
                opt->long_name, STR_ARG(value));
        return ERR_NONE;
    case OPT_STRING:
        *(struct str *) at = value;
        return ERR_NONE;
    case OPT_LIST:
        *VEC_PUSH(arena, (struct opt_list *) at) = value;
        return ERR_NONE;
    case OPT_INT:
        if (!str_to_i64(value, at) || *(int64_t *) at < opt->least)
            return err_set(
                err, ERR_USAGE,
                "option '--%s' takes a whole number of at least %lld, not '" STR_FMT "'",
                opt->long_name, (long long) opt->least, STR_ARG(value));
        return ERR_NONE;
    case OPT_DURATION: {
        int64_t seconds;
        if (!str_to_seconds(value, &seconds) || seconds > MAX_SECONDS)
            return err_set(
                err, ERR_USAGE,
                "option '--%s' takes a time such as 0s, 30s or 5m, not '" STR_FMT "'",
                opt->long_name, STR_ARG(value));
        *(int64_t *) at = seconds * 1000;
        return ERR_NONE;
    }
    case OPT_CHOICE:
        return set_choice(arena, opt, at, value, err);
    }
    return err_set(err, ERR_INTERNAL, "option '--%s' has no type", opt->long_name);
}

/* One option word. *used says how many further words it took. */
static enum err_code parse_option(
    struct arena *arena,
    const struct opt_set *const *sets,
    char *const *argv,
    int left,
    void *target,
    int *used,
    struct err *err)
{
    struct str word = str_from(argv[0]);
    struct str name = str_from_index(word, str_starts(word, STR("--")) ? 2 : 1);
    struct str value = STR_NULL;
    size_t equals = str_index(name, '=');
    if (equals != SIZE_MAX) {
        value = str_slice(name, equals + 1, name.len);
        name = str_slice(name, 0, equals);
    }
    *used = 0;
    const struct opt *opt = find(sets, name);
    bool negated = false;
    if (opt == NULL && str_starts(name, STR("no-"))) {
        opt = find(sets, str_from_index(name, 3));
        negated = opt != NULL && (opt->type == OPT_FLAG || opt->type == OPT_FLAG_OFF);
        if (!negated)
            opt = NULL;
    }
    if (opt == NULL)
        return unknown(sets, name, argv[0], err);
    if (opt->type == OPT_FLAG || opt->type == OPT_FLAG_OFF) {
        bool *flag = field(target, opt);
        *flag = true;
        if (equals != SIZE_MAX) {
            enum err_code code = set_value(arena, opt, target, value, err);
            if (code != ERR_NONE)
                return code;
        }
        if (negated)
            *flag = !*flag;
        return ERR_NONE;
    }
    if (equals == SIZE_MAX) {
        if (left < 2)
            return err_set(
                err, ERR_USAGE, "option '%s' needs a value: %s=%s", argv[0], argv[0], opt->arg);
        value = str_from(argv[1]);
        *used = 1;
    }
    return set_value(arena, opt, target, value, err);
}

enum err_code opt_parse(
    struct arena *arena,
    const struct opt_set *const *sets,
    int argc,
    char *const *argv,
    void *target,
    struct opt_list *ret_operands,
    struct err *err)
{
    bool ended = false;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        /* A lone dash is an operand: standard input. */
        if (ended || word[0] != '-' || word[1] == '\0') {
            *VEC_PUSH(arena, ret_operands) = str_from(word);
        } else if (word[1] == '-' && word[2] == '\0') {
            ended = true;
        } else {
            int used = 0;
            enum err_code code = parse_option(arena, sets, argv + i, argc - i, target, &used, err);
            if (code != ERR_NONE)
                return code;
            i += used;
        }
    }
    return ERR_NONE;
}

struct str opt_synopsis(struct arena *arena, const struct opt *opt)
{
    struct buf buf = BUF_INIT(KIB(1));
    if (opt->short_name != 0)
        buf_fmt(&buf, "-%c, ", opt->short_name);
    buf_fmt(&buf, "--%s%s", opt->type == OPT_FLAG_OFF ? "no-" : "", opt->long_name);
    if (opt->type == OPT_CHOICE)
        for (int i = 0; opt->choices[i] != NULL; i++)
            buf_fmt(&buf, "%s%s", i > 0 ? "|" : "=", opt->choices[i]);
    else if (opt->arg != NULL)
        buf_fmt(&buf, "=%s", opt->arg);
    struct str text = str_dup(arena, buf_str(&buf));
    buf_done(&buf);
    return text;
}
