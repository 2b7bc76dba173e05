/* Search: training jobs, endpoints and models by what Describe says of them.
 * https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Search.html */
#include "engine/local/sm.h"
#include "engine/local/token.h"

enum { PAGE = 10, DEEP = 20 };

/* ------------------------------------------------------------------ what is searched */

/* Tags are properties, too: Tags.mykey is the value of that key. */
static struct json *with_tags(struct local_call *call, struct json *body, struct str arn)
{
    struct json *tags = sm_tags_of(call->local, call->arena, arn);

    if (tags->len > 0)
        json_put(call->arena, body, "Tags", tags);
    return body;
}

/* What Describe says, but what the record of a search has not. */
static struct json *
without_all(struct local_call *call, struct json *body, const char *const *names, size_t n_names)
{
    for (size_t i = 0; i < n_names; i++)
        body = sm_without(call->arena, body, names[i]);
    return body;
}

static struct json *job_record(struct local_call *call, const struct sm_thing *job)
{
    static const char *const more[] = {"RemoteDebugConfig",   "InfraCheckConfig",
                                       "ProfilingStatus",     "SessionChainingConfig",
                                       "ServerlessJobConfig", "MlflowConfig"};
    struct json *body = sm_job_describe(call->arena, job);

    return with_tags(call, without_all(call, body, more, ARRAY_LEN(more)), job->arn);
}

static struct json *endpoint_record(struct local_call *call, const struct sm_thing *endpoint)
{
    static const char *const more[] = {"LastDeploymentConfig", "PendingDeploymentSummary"};
    struct json *body = sm_endpoint_describe(call, endpoint);

    return with_tags(call, without_all(call, body, more, ARRAY_LEN(more)), endpoint->arn);
}

static struct json *model_record(struct local_call *call, const struct sm_thing *model)
{
    struct json *body = json_copy(call->arena, json_get(model->doc, "in"));
    struct json *record = json_object(call->arena);

    json_put(call->arena, body, "ModelArn", json_string(call->arena, model->arn));
    json_put(call->arena, body, "CreationTime", sm_time(call->arena, model->created_ms));
    json_put(call->arena, record, "Model", with_tags(call, body, model->arn));
    return record;
}

/* Of the other resources there are none here. */
static const struct resource {
    const char *name;
    enum sm_thing_kind kind;
    struct json *(*record)(struct local_call *call, const struct sm_thing *thing);
} s_resources[] = {
    {"TrainingJob", SM_JOB, job_record},
    {"Endpoint", SM_ENDPOINT, endpoint_record},
    {"Model", SM_MODEL, model_record},
};

/* ------------------------------------------------------------------ what is asked for */

typedef VEC(const struct json *) values;

/* The values of a.b.c; of lists those of every item, of Tags.key that tag's, of Metrics.name that
 * final metric's. */
static void collect(struct arena *arena, const struct json *node, struct str path, values *out)
{
    struct str rest = path, name;

    if (node == NULL)
        return;
    if (node->type == JSON_ARRAY) {
        JSON_EACH (item, node)
            collect(arena, item, path, out);
        return;
    }
    if (str_is_null(rest) || !str_split(&rest, '.', &name)) {
        *VEC_PUSH(arena, out) = node;
        return;
    }
    if (str_eq_z(name, "Tags") || str_eq_z(name, "Metrics")) {
        bool tags = str_eq_z(name, "Tags");
        JSON_EACH (item, json_get(node, tags ? "Tags" : "FinalMetricDataList"))
            if (str_eq(json_get_str(item, tags ? "Key" : "MetricName"), rest))
                *VEC_PUSH(arena, out) = json_get(item, "Value");
        return;
    }
    JSON_EACH (member, node)
        if (str_eq(member->key, name))
            collect(arena, member, rest, out);
}

static struct str text_of(struct arena *arena, const struct json *value)
{
    return value->type == JSON_STRING ? value->string : json_text(arena, value, JSON_COMPACT);
}

/* Numbers as numbers, times however they are written, everything else as text. */
static int compare(struct arena *arena, const struct json *value, struct str wanted)
{
    double a = value->number, b = 0;
    int64_t ms = 0;
    bool number = value->type == JSON_NUMBER;

    if (value->type == JSON_STRING)
        number = str_to_f64(value->string, &a);
    if (number && (str_to_f64(wanted, &b) || time_parse(wanted, &ms))) {
        b = ms != 0 ? (double) ms / 1000.0 : b;
        return (a > b) - (a < b);
    }
    return str_cmp(text_of(arena, value), wanted);
}

static bool
one_holds(struct arena *arena, const struct json *value, struct str operator, struct str wanted)
{
    struct str list = wanted, item;
    int order = compare(arena, value, wanted);

    if (str_eq_z(operator, "Equals") || str_eq_z(operator, "NotEquals"))
        return order == 0;
    if (str_eq_z(operator, "Contains"))
        return str_find(text_of(arena, value), wanted) != SIZE_MAX;
    if (str_eq_z(operator, "GreaterThan"))
        return order > 0;
    if (str_eq_z(operator, "GreaterThanOrEqualTo"))
        return order >= 0;
    if (str_eq_z(operator, "LessThan"))
        return order < 0;
    if (str_eq_z(operator, "LessThanOrEqualTo"))
        return order <= 0;
    while (str_split(&list, ',', &item)) /* In */
        if (compare(arena, value, str_trim(item)) == 0)
            return true;
    return false;
}

static bool filter_holds(struct arena *arena, const struct json *filter, const struct json *record)
{
    struct str operator= json_get_str(filter, "Operator");
    struct str wanted = json_get_str(filter, "Value");
    values found = {0};
    bool any = false;

    collect(arena, record, json_get_str(filter, "Name"), &found);
    if (str_is_null(operator))
        operator= str_is_null(wanted) ? STR("Exists") : STR("Equals");
    if (str_eq_z(operator, "Exists") || str_eq_z(operator, "NotExists"))
        return (found.len > 0) == str_eq_z(operator, "Exists");
    for (size_t i = 0; i < found.len && !any; i++)
        any = one_holds(arena, found.items[i], operator, wanted);
    return any != str_eq_z(operator, "NotEquals");
}

/* Filters of one and the same item of a list. */
static bool nested_holds(struct arena *arena, const struct json *nested, const struct json *record)
{
    struct str path = json_get_str(nested, "NestedPropertyName");
    values items = {0};
    size_t cut = path.len + 1;

    collect(arena, record, path, &items);
    for (size_t i = 0; i < items.len; i++) {
        bool all = true;
        JSON_EACH (filter, json_get(nested, "Filters")) {
            struct json *inner = json_copy(arena, filter);
            struct str name = json_get_str(filter, "Name");
            if (str_starts(name, path) && name.len > cut)
                json_put(arena, inner, "Name", json_string(arena, str_from_index(name, cut)));
            all = all && filter_holds(arena, inner, items.items[i]);
        }
        if (all)
            return true;
    }
    return false;
}

static bool expression_holds(
    struct arena *arena, const struct json *expression, const struct json *record, int depth)
{
    bool any = str_eq_z(json_get_str(expression, "Operator"), "Or");
    size_t asked = 0, held = 0;

    if (depth > DEEP)
        return false;
    JSON_EACH (filter, json_get(expression, "Filters")) {
        asked++;
        held += filter_holds(arena, filter, record);
    }
    JSON_EACH (nested, json_get(expression, "NestedFilters")) {
        asked++;
        held += nested_holds(arena, nested, record);
    }
    JSON_EACH (inner, json_get(expression, "SubExpressions")) {
        asked++;
        held += expression_holds(arena, inner, record, depth + 1);
    }
    return asked == 0 || (any ? held > 0 : held == asked);
}

/* ------------------------------------------------------------------ the answer */

struct hit {
    struct json *record;
    const struct json *key; /* NULL: it has no such property, and comes last */
};

struct search {
    struct local_call *call;
    const struct resource *resource;
    struct str sort;
    bool descending;
    VEC(struct hit) hits;
};

static bool comes_before(const struct search *search, const struct hit *a, const struct hit *b)
{
    struct arena *arena = search->call->arena;

    if (a->key == NULL || b->key == NULL)
        return a->key != NULL && b->key == NULL;
    int order = compare(arena, a->key, text_of(arena, b->key));
    return search->descending ? order > 0 : order < 0;
}

static void look_at(void *arg, const struct sm_thing *thing)
{
    struct search *search = arg;
    struct local_call *call = search->call;
    values keys = {0};

    if (!str_eq(thing->region, call->region))
        return;
    struct json *record = search->resource->record(call, thing);
    if (!expression_holds(call->arena, json_get(call->input, "SearchExpression"), record, 0))
        return;
    collect(call->arena, record, search->sort, &keys);
    struct hit hit = {record, keys.len > 0 ? keys.items[0] : NULL};
    size_t at = search->hits.len;
    *VEC_PUSH(call->arena, &search->hits) = hit;
    for (; at > 0 && comes_before(search, &hit, &search->hits.items[at - 1]); at--)
        search->hits.items[at] = search->hits.items[at - 1];
    search->hits.items[at] = hit;
}

enum err_code sm_search(struct local_call *call, struct err *err)
{
    struct json *body = json_object(call->arena), *results = json_array(call->arena);
    struct search search = {
        .call = call,
        .sort = json_get_str(call->input, "SortBy"),
        .descending = !str_eq_z(json_get_str(call->input, "SortOrder"), "Ascending")};
    size_t limit = (size_t) json_get_int(call->input, "MaxResults", PAGE);
    struct str position = STR_NULL;
    uint64_t skip = 0;

    (void) err;
    if (!token_read(call, &position))
        return sm_invalid(call, "Invalid NextToken: Token is malformed");
    str_to_u64(position, &skip);
    if (str_is_null(search.sort))
        search.sort = STR("LastModifiedTime");
    for (size_t i = 0; i < ARRAY_LEN(s_resources); i++)
        if (str_eq_z(json_get_str(call->input, "Resource"), s_resources[i].name)) {
            search.resource = &s_resources[i];
            sm_each(call->local, call->arena, s_resources[i].kind, look_at, &search);
        }
    for (size_t i = skip; i < search.hits.len && results->len < limit; i++) {
        struct json *item = json_object(call->arena);
        json_set(call->arena, item, str_from(search.resource->name), search.hits.items[i].record);
        json_push(results, item);
    }
    json_put(call->arena, body, "Results", results);
    if (skip + limit < search.hits.len)
        json_put(
            call->arena, body, "NextToken",
            json_string(
                call->arena,
                token_make(
                    call, str_fmt(call->arena, "%llu", (unsigned long long) (skip + limit)))));
    return call_json(call, body);
}
