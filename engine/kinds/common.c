#include "engine/kinds/kinds_internal.h"

static void add_tag(struct arena *arena, struct json *list, struct str key, struct str value)
{
    if (str_is_null(value))
        return;
    struct json *tag = json_object(arena);
    json_put(arena, tag, "Key", json_string(arena, key));
    json_put(arena, tag, "Value", json_string(arena, value));
    json_push(list, tag);
}

struct json *kinds_tags(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    struct str fp,
    struct str settings)
{
    struct json *list = json_array(arena);
    for (size_t i = 0; i < want->n_tags; i++)
        add_tag(arena, list, want->tags[i].name, want->tags[i].value);
    add_tag(arena, list, STR("mmectl:uid"), want->uid);
    add_tag(arena, list, STR("mmectl:stack"), want->stack);
    add_tag(arena, list, STR("mmectl:home"), want->home);
    add_tag(arena, list, STR("mmectl:version"), kinds->version);
    add_tag(arena, list, STR("mmectl:fp"), fp);
    add_tag(arena, list, STR("mmectl:settings"), settings);
    return list;
}

struct json *kinds_body(struct arena *arena, const char *member, struct str value)
{
    struct json *body = json_object(arena);
    json_set(arena, body, str_from(member), json_string(arena, value));
    return body;
}

enum err_code kinds_call(
    struct kinds *kinds,
    struct arena *arena,
    const char *operation,
    const struct json *body,
    const struct json **ret_reply,
    struct err *err)
{
    return aws_json_call(kinds->aws, arena, AWS_SAGEMAKER, operation, body, ret_reply, err);
}

enum err_code kinds_list(
    struct kinds *kinds,
    struct arena *arena,
    const char *operation,
    const char *list,
    struct str contains,
    struct json **ret_items,
    struct err *err)
{
    enum { MAX_PAGES = 10000 };
    struct json *items = json_array(arena);
    struct str token = STR_NULL;
    for (int page = 0; page < MAX_PAGES; page++) {
        struct json *body = kinds_body(arena, "NameContains", contains);
        json_put(arena, body, "MaxResults", json_int(arena, 100));
        if (!str_is_null(token))
            json_put(arena, body, "NextToken", json_string(arena, token));
        const struct json *reply;
        enum err_code code = kinds_call(kinds, arena, operation, body, &reply, err);
        if (code != ERR_NONE)
            return code;
        JSON_EACH (item, json_get(reply, list)) {
            json_push(items, json_copy(arena, item));
        }
        token = json_get_str(reply, "NextToken");
        if (str_is_empty(token)) {
            *ret_items = items;
            return ERR_NONE;
        }
    }
    return err_set(err, ERR_PROTOCOL, "%s has more than %d pages", operation, MAX_PAGES);
}

enum err_code kinds_list_tags(
    struct kinds *kinds,
    struct arena *arena,
    struct str arn,
    const struct json **ret_tags,
    struct err *err)
{
    struct json *tags = json_object(arena);
    struct str token = STR_NULL;
    do {
        struct json *body = kinds_body(arena, "ResourceArn", arn);
        if (!str_is_empty(token))
            json_put(arena, body, "NextToken", json_string(arena, token));
        const struct json *reply;
        enum err_code code = kinds_call(kinds, arena, "ListTags", body, &reply, err);
        if (code != ERR_NONE)
            return code;
        JSON_EACH (tag, json_get(reply, "Tags")) {
            json_set(
                arena, tags, json_get_str(tag, "Key"),
                json_string(arena, json_get_str(tag, "Value")));
        }
        token = json_get_str(reply, "NextToken");
    } while (!str_is_empty(token) && tags->len < 1000);
    *ret_tags = tags;
    return ERR_NONE;
}

enum owner kinds_owner(const struct want *want, const struct json *tags)
{
    return str_eq(json_get_str(tags, "mmectl:uid"), want->uid) ? OWNER_US : OWNER_OTHER;
}

struct str
kinds_arn(struct arena *arena, const struct want *want, const char *resource, struct str name)
{
    return str_fmt(
        arena, "arn:" STR_FMT ":sagemaker:" STR_FMT ":" STR_FMT ":%s/" STR_FMT,
        STR_ARG(want->partition), STR_ARG(want->region), STR_ARG(want->account), resource,
        STR_ARG(name));
}

struct s3_meta *kinds_meta(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    struct str fp,
    struct str sha256,
    size_t *ret_count)
{
    struct s3_meta *meta = ARENA_ARRAY(arena, 8, struct s3_meta);
    size_t n = 0;
    meta[n++] = (struct s3_meta){STR("mmectl-uid"), want->uid};
    meta[n++] = (struct s3_meta){STR("mmectl-stack"), want->stack};
    meta[n++] = (struct s3_meta){STR("mmectl-version"), kinds->version};
    if (!str_is_null(fp))
        meta[n++] = (struct s3_meta){STR("mmectl-fp"), fp};
    if (!str_is_null(sha256))
        meta[n++] = (struct s3_meta){STR("mmectl-sha256"), sha256};
    *ret_count = n;
    return meta;
}

/* S3 takes 2 KiB of metadata; what does not fit is left out. */
#define MAX_METRICS_BYTES 1024U

void kinds_candidate_meta(
    struct arena *arena, const struct artifact_plan *artifact, struct s3_meta *meta, size_t *count)
{
    if (!artifact->candidate)
        return;
    struct str text = STR("");
    JSON_EACH (metric, artifact->metrics) {
        struct str one = str_fmt(
            arena, "%s" STR_FMT "=%.17g", text.len > 0 ? "," : "", STR_ARG(metric->key),
            metric->number);
        if (metric->type == JSON_NUMBER && text.len + one.len <= MAX_METRICS_BYTES)
            text = str_fmt(arena, STR_FMT STR_FMT, STR_ARG(text), STR_ARG(one));
    }
    meta[(*count)++] = (struct s3_meta){STR("mmectl-metrics"), text};
    if (!str_is_null(artifact->check))
        meta[(*count)++] = (struct s3_meta){STR("mmectl-check"), artifact->check};
}

bool kinds_not_yet(const struct err *err)
{
    static const char *const texts[] = {
        "Could not assume role", "cannot pull", "Could not find endpoint configuration",
        "Could not find model"};
    if (err->code != ERR_TERMINAL && err->code != ERR_NOT_FOUND)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (strstr(err->message, texts[i]) != NULL)
            return true;
    return false;
}

static bool same_float(float a, float b)
{
    return !(a < b) && !(b < a);
}

double kinds_metric(double value)
{
    float narrow = (float) value;
    char text[64];
    double back = (double) narrow;
    if (back < value || back > value) /* more than a float, or no number */
        return value;
    for (int digits = 5; digits <= 9; digits++) {
        double shown = value;
        (void) snprintf(text, sizeof(text), "%.*g", digits, value);
        if (str_to_f64(str_from(text), &shown) && same_float((float) shown, narrow))
            return shown;
    }
    return value;
}

enum lead_state kinds_follow_lead(struct change *change)
{
    struct training_plan *training = change->subject;
    const struct change *lead = training->lead;
    if (lead == NULL)
        return LEAD_NONE;
    if (lead->outcome == OUTCOME_PENDING)
        return LEAD_PENDING;
    if (lead->outcome == OUTCOME_DONE) {
        const struct training_plan *done = lead->subject;
        training->artifact = done->artifact;
        training->metrics = done->metrics;
        if (training->trained != NULL)
            *training->trained = *done->trained;
        return LEAD_DONE;
    }
    training->lead = NULL;
    change->uncounted = change->removal_half = false;
    return LEAD_NONE;
}
