#include "engine/xgb/model_objective.h"

#include "engine/base/arena.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum kind { REAL, NUMBER, CLASSES, DISTRIBUTION };

struct param {
    struct str name;
    enum kind kind;
    float min, max;
};

/* In the order of their names, which is that of libxgboost's std::map. */
static const struct group {
    struct str name;
    struct param params[MODEL_OBJECTIVE_PARAMS];
} s_groups[] = {
    {STR_INIT("aft_loss_param"),
     {{STR_INIT("aft_loss_distribution"), DISTRIBUTION, 0, 0},
      {STR_INIT("aft_loss_distribution_scale"), REAL, -FLT_MAX, FLT_MAX}}},
    {STR_INIT("lambda_rank_param"),
     {{STR_INIT("fix_list_weight"), REAL, 0, FLT_MAX},
      {STR_INIT("num_pairsample"), NUMBER, 1, 1000000}}},
    {STR_INIT("poisson_regression_param"), {{STR_INIT("max_delta_step"), REAL, 0, FLT_MAX}}},
    {STR_INIT("pseudo_huber_param"), {{STR_INIT("huber_slope"), REAL, -FLT_MAX, FLT_MAX}}},
    {STR_INIT("reg_loss_param"), {{STR_INIT("scale_pos_weight"), REAL, 0, FLT_MAX}}},
    {STR_INIT("softmax_multiclass_param"), {{STR_INIT("num_class"), CLASSES, 0, 0}}},
    {STR_INIT("tweedie_regression_param"), {{STR_INIT("tweedie_variance_power"), REAL, 1, 2}}},
};

/* The names that models of 1.7 have, which are fewer than may be asked for: reg:linear is saved as
 * reg:squarederror. To add one: a line here, and one in test_model_ubjson.c. */
static const struct {
    struct str name;
    const char *group;
} s_objectives[] = {
    {STR_INIT("binary:hinge"), NULL},
    {STR_INIT("binary:logistic"), "reg_loss_param"},
    {STR_INIT("binary:logitraw"), "reg_loss_param"},
    {STR_INIT("count:poisson"), "poisson_regression_param"},
    {STR_INIT("multi:softmax"), "softmax_multiclass_param"},
    {STR_INIT("multi:softprob"), "softmax_multiclass_param"},
    {STR_INIT("rank:map"), "lambda_rank_param"},
    {STR_INIT("rank:ndcg"), "lambda_rank_param"},
    {STR_INIT("rank:pairwise"), "lambda_rank_param"},
    {STR_INIT("reg:absoluteerror"), NULL},
    {STR_INIT("reg:gamma"), NULL},
    {STR_INIT("reg:logistic"), "reg_loss_param"},
    {STR_INIT("reg:pseudohubererror"), "pseudo_huber_param"},
    {STR_INIT("reg:squarederror"), "reg_loss_param"},
    {STR_INIT("reg:squaredlogerror"), "reg_loss_param"},
    {STR_INIT("reg:tweedie"), "tweedie_regression_param"},
    {STR_INIT("survival:aft"), "aft_loss_param"},
    {STR_INIT("survival:cox"), NULL},
};

static bool take_params(struct reader *reader, int type, struct model_objective *out)
{
    if (type != '{')
        return false;
    for (; peek(reader) != '}'; out->n_params++) {
        if (out->n_params == MODEL_OBJECTIVE_PARAMS)
            return false;
        out->params[out->n_params].name = ubjson_text(reader);
        if (!ubjson_take_text(reader, take_char(reader), &out->params[out->n_params].value))
            return false;
    }
    return take(reader, 1) != NULL;
}

bool model_objective_take(struct reader *reader, int type, void *ret_objective)
{
    struct model_objective objective = {.n_params = 0};
    if (type != '{')
        return false;
    while (peek(reader) != '}') {
        struct str member = ubjson_text(reader);
        int value = take_char(reader);
        if (str_eq_z(member, "name")) {
            if (!str_is_null(objective.name) || !ubjson_take_text(reader, value, &objective.name))
                return false;
        } else if (!str_is_null(objective.group) || !take_params(reader, value, &objective)) {
            return false;
        } else {
            objective.group = member;
        }
    }
    *(struct model_objective *) ret_objective = objective;
    return take(reader, 1) != NULL && !str_is_null(objective.name);
}

/* A stream of libxgboost's prints it as it stands here. */
static bool is_float(struct str text, float min, float max)
{
    char copy[32], again[32];
    if (text.len == 0 || text.len >= sizeof(copy))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    float value = strtof(copy, NULL);
    if (!(isnormal(value) || fpclassify(value) == FP_ZERO) || value < min || value > max)
        return false;
    (void) snprintf(again, sizeof(again), "%.9g", (double) value);
    return str_eq_z(text, again);
}

static bool is_number(struct str text, uint64_t min, uint64_t max)
{
    char again[32];
    uint64_t value = 0;
    if (!str_to_u64(text, &value) || value < min || value > max)
        return false;
    (void) snprintf(again, sizeof(again), "%ju", (uintmax_t) value);
    return str_eq_z(text, again);
}

static bool is_value(const struct param *param, struct str text, uint32_t classes)
{
    switch (param->kind) {
    case REAL:
        return is_float(text, param->min, param->max);
    case NUMBER:
        return is_number(text, (uint64_t) param->min, (uint64_t) param->max);
    case CLASSES: /* Configure() sets it to the learner's */
        return is_number(text, classes, classes);
    case DISTRIBUTION:
    default:
        return str_eq_z(text, "normal") || str_eq_z(text, "logistic") || str_eq_z(text, "extreme");
    }
}

static const struct group *group_of(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(s_groups); i++)
        if (str_eq(s_groups[i].name, name))
            return &s_groups[i];
    return NULL;
}

static bool is_known(const struct model_objective *objective, const struct group *group)
{
    for (size_t i = 0; i < ARRAY_LEN(s_objectives); i++)
        if (str_eq(s_objectives[i].name, objective->name))
            return s_objectives[i].group == NULL
                       ? str_is_null(objective->group)
                       : group != NULL && str_eq_z(group->name, s_objectives[i].group);
    return false;
}

bool model_objective_json(
    const struct model_objective *objective,
    uint32_t classes,
    struct arena *arena,
    struct str *ret_json)
{
    const struct group *group = group_of(objective->group);
    /* With classes anything else becomes multi:softmax (ConfigureObjective()). */
    if (!is_known(objective, group) || (classes > 1) != str_starts(objective->name, STR("multi:")))
        return false;
    struct str name = str_fmt(arena, "\"name\":\"" STR_FMT "\"", STR_ARG(objective->name));
    if (group == NULL) {
        *ret_json = str_fmt(arena, "{" STR_FMT "}", STR_ARG(name));
        return true;
    }
    struct str params = STR("");
    for (size_t i = 0; i < MODEL_OBJECTIVE_PARAMS; i++) {
        const struct param *param = &group->params[i];
        if ((i < objective->n_params) != !str_is_null(param->name))
            return false;
        if (i == objective->n_params)
            break;
        struct str value = objective->params[i].value;
        if (!str_eq(objective->params[i].name, param->name) || !is_value(param, value, classes))
            return false;
        params = str_fmt(
            arena, STR_FMT "%s\"" STR_FMT "\":\"" STR_FMT "\"", STR_ARG(params), i > 0 ? "," : "",
            STR_ARG(param->name), STR_ARG(value));
    }
    params = str_fmt(arena, "\"" STR_FMT "\":{" STR_FMT "}", STR_ARG(group->name), STR_ARG(params));
    bool first = str_cmp(group->name, STR("name")) < 0;
    struct str a = first ? params : name, b = first ? name : params;
    *ret_json = str_fmt(arena, "{" STR_FMT "," STR_FMT "}", STR_ARG(a), STR_ARG(b));
    return true;
}
