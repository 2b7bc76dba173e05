#include "engine/local/cloudwatch.h"

#include "engine/base/xml.h"
#include "engine/local/fleet.h"
#include "engine/local/sm.h"
#include "engine/local/token.h"

enum {
    MINUTE_S = 60,
    MAX_QUERIES = 500,
    MAX_STATISTICS = 1440,
    MAX_DATA = 100800,
    LIST_PAGE = 500
};

/* ------------------------------------------------------------------ answers */

static void add_xml(struct local_call *call, struct buf *xml, const struct json *node, bool times);

/* Times are seconds in JSON and ISO in XML. */
static void add_value(
    struct local_call *call, struct buf *xml, const char *name, const struct json *node, bool time)
{
    bool nested = node->type == JSON_OBJECT || node->type == JSON_ARRAY;

    if (nested) {
        buf_fmt(xml, "<%s>", name);
        add_xml(call, xml, node, str_ends(node->key, STR("Timestamps")));
        buf_fmt(xml, "</%s>", name);
    } else if (time) {
        xml_element(xml, name, time_iso(call->arena, (int64_t) (node->number * 1000.0 + 0.5)));
    } else {
        xml_element(
            xml, name,
            node->type == JSON_STRING ? node->string : json_text(call->arena, node, JSON_COMPACT));
    }
}

/* times: the members of a list are times. */
static void add_xml(struct local_call *call, struct buf *xml, const struct json *node, bool times)
{
    bool map = str_eq_z(node->key, "ExtendedStatistics") && node->type == JSON_OBJECT;
    char name[128];

    JSON_EACH (member, node) {
        bool item = node->type == JSON_ARRAY;
        struct str key = item ? STR("member") : map ? STR("value") : member->key;
        snprintf(name, sizeof(name), STR_FMT, STR_ARG(key));
        if (map) {
            buf_add_z(xml, "<entry>");
            xml_element(xml, "key", member->key);
        }
        add_value(call, xml, name, member, times || str_ends(key, STR("Timestamp")));
        if (map)
            buf_add_z(xml, "</entry>");
    }
}

enum err_code cloudwatch_answer(struct local_call *call, const struct json *body)
{
    if (!call_speaks_query(call))
        return call_json(call, body != NULL ? body : json_object(call->arena));
    AUTO(buf_done) struct buf xml = BUF_INIT(MIB(16));
    const char *name = call->op->name;
    buf_fmt(&xml, "<%sResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">", name);
    if (body != NULL) {
        buf_fmt(&xml, "<%sResult>", name);
        add_xml(call, &xml, body, false);
        buf_fmt(&xml, "</%sResult>", name);
    }
    buf_add_z(&xml, "<ResponseMetadata>");
    xml_element(&xml, "RequestId", call->request_id);
    buf_fmt(&xml, "</ResponseMetadata></%sResponse>", name);
    return call_xml(call, buf_str(&xml));
}

/* ------------------------------------------------------------------ statistics */

struct stat {
    double (*of)(const struct measured *period, double percent);
    double percent;
    bool is_percentile;
};

static double stat_count(const struct measured *period, double percent)
{
    (void) percent;
    return period->n;
}

static double stat_average(const struct measured *period, double percent)
{
    (void) percent;
    return period->sum / period->n;
}

static double stat_sum(const struct measured *period, double percent)
{
    (void) percent;
    return period->sum;
}

static double stat_min(const struct measured *period, double percent)
{
    (void) percent;
    return period->min;
}

static double stat_max(const struct measured *period, double percent)
{
    (void) percent;
    return period->max;
}

/* "Average", "p99.9"; false: none that is known here. */
static bool stat_read(struct str text, struct stat *out)
{
    static const struct {
        const char *name;
        double (*of)(const struct measured *period, double percent);
    } simple[] = {
        {"SampleCount", stat_count}, {"Average", stat_average}, {"Sum", stat_sum},
        {"Minimum", stat_min},       {"Maximum", stat_max},
    };
    double percent = 0;

    for (size_t i = 0; i < ARRAY_LEN(simple); i++)
        if (str_eq_z(text, simple[i].name)) {
            *out = (struct stat){.of = simple[i].of};
            return true;
        }
    if (!str_starts(text, STR("p")) || !str_to_f64(str_from_index(text, 1), &percent) ||
        !(percent >= 0 && percent <= 100))
        return false;
    *out = (struct stat){.of = measured_percentile, .percent = percent, .is_percentile = true};
    return true;
}

/* ------------------------------------------------------------------ reading */

struct asked {
    int64_t start_ms, end_ms, period_ms;
    struct str unit; /* null: any */
};

struct found {
    struct measured *periods;
    size_t len;
    struct str unit; /* of the metric */
};

/* Of Dimensions: both names, and no other; false when it is another set. */
static bool dimensions_read(const struct json *list, struct str *endpoint, struct str *variant)
{
    *endpoint = *variant = STR_NULL;
    JSON_EACH (dimension, list) {
        struct str name = json_get_str(dimension, "Name");
        struct str value = json_get_str(dimension, "Value");
        if (str_eq_z(name, "EndpointName"))
            *endpoint = value;
        else if (str_eq_z(name, "VariantName"))
            *variant = value;
        else
            return false;
    }
    return !str_is_null(*endpoint) && !str_is_null(*variant);
}

/* How many models are loaded is so for this minute, too, in which nobody may have called. */
static enum err_code look_now(struct local_call *call, struct str endpoint, struct err *err)
{
    struct fleet *fleet = NULL;
    enum err_code code =
        fleet_acquire(call->local, call->region, endpoint, call->now_ms, &fleet, err);

    if (code == ERR_NONE && fleet != NULL)
        fleet_measure(fleet, call->now_ms);
    fleet_release(fleet);
    return code;
}

/* metric: with Namespace, MetricName and Dimensions. What is no metric has no data. */
static enum err_code read_metric(
    struct local_call *call,
    const struct json *metric,
    const struct asked *asked,
    struct found *out,
    struct err *err)
{
    struct measures_query query = {
        .region = call->region,
        .start_ms = asked->start_ms,
        .end_ms = asked->end_ms,
        .period_ms = asked->period_ms};
    enum err_code code = ERR_NONE;

    *out = (struct found){.unit = STR("None")};
    if (!measure_find(
            json_get_str(metric, "Namespace"), json_get_str(metric, "MetricName"), &query.which) ||
        !dimensions_read(json_get(metric, "Dimensions"), &query.endpoint, &query.variant))
        return ERR_NONE;
    out->unit = measure_info(query.which)->unit;
    if (!str_is_null(asked->unit) && !str_eq(asked->unit, out->unit))
        return ERR_NONE;
    if (query.which == MEASURE_LOADED_MODELS)
        code = look_now(call, query.endpoint, err);
    if (code == ERR_NONE)
        out->len = measures_read(call->local, call->arena, &query, &out->periods);
    return code;
}

static bool times_read(struct local_call *call, const char *code, struct asked *out)
{
    out->start_ms = (int64_t) (json_get_num(call->input, "StartTime", 0) * 1000.0);
    out->end_ms = (int64_t) (json_get_num(call->input, "EndTime", 0) * 1000.0);
    if (out->start_ms < out->end_ms)
        return true;
    call_fail(call, 400, code, "The parameter StartTime must be less than the parameter EndTime.");
    return false;
}

static bool
period_read(struct local_call *call, const char *code, const struct json *from, struct asked *out)
{
    int64_t period_s = json_get_int(from, "Period", MINUTE_S);

    out->period_ms = period_s * 1000;
    out->unit = json_get_str(from, "Unit");
    if (period_s % MINUTE_S == 0 && period_s <= INT32_MAX)
        return true;
    call_fail(call, 400, code, "The parameter Period must be a multiple of 60.");
    return false;
}

/* ------------------------------------------------------------------ GetMetricStatistics */

static bool statistics_valid(struct local_call *call, const struct asked *asked)
{
    const struct json *plain = json_get(call->input, "Statistics");
    const struct json *extended = json_get(call->input, "ExtendedStatistics");
    int64_t points = (asked->end_ms - asked->start_ms) / asked->period_ms;
    struct stat stat;

    if (plain == NULL && extended == NULL) {
        call_fail(
            call, 400, "InvalidParameterCombination",
            "At least one of the parameters Statistics and ExtendedStatistics must be specified.");
        return false;
    }
    JSON_EACH (name, extended)
        if (!stat_read(json_str(name), &stat) || !stat.is_percentile) {
            call_fail(
                call, 400, "InvalidParameterValue",
                "The value " STR_FMT " for parameter ExtendedStatistics is not supported.",
                STR_ARG(json_str(name)));
            return false;
        }
    if (points > MAX_STATISTICS)
        call_fail(
            call, 400, "InvalidParameterCombination",
            "You have requested up to %lld datapoints, which exceeds the limit of %d. You may "
            "reduce the datapoints requested by increasing Period, or decreasing the time range.",
            (long long) points, MAX_STATISTICS);
    return !call->failed;
}

static struct json *
datapoint(struct local_call *call, const struct found *found, const struct measured *period)
{
    struct arena *arena = call->arena;
    struct json *point = json_object(arena), *percentiles = json_object(arena);
    struct stat stat;

    json_put(arena, point, "Timestamp", sm_time(arena, period->start_ms));
    JSON_EACH (name, json_get(call->input, "Statistics"))
        if (stat_read(json_str(name), &stat))
            json_set(arena, point, json_str(name), json_num(arena, stat.of(period, stat.percent)));
    json_put(arena, point, "Unit", json_string(arena, found->unit));
    JSON_EACH (name, json_get(call->input, "ExtendedStatistics"))
        if (stat_read(json_str(name), &stat))
            json_set(
                arena, percentiles, json_str(name), json_num(arena, stat.of(period, stat.percent)));
    if (percentiles->len > 0)
        json_put(arena, point, "ExtendedStatistics", percentiles);
    return point;
}

enum err_code cloudwatch_statistics(struct local_call *call, struct err *err)
{
    static const char *const invalid = "InvalidParameterValue";
    struct json *body = json_object(call->arena), *points = json_array(call->arena);
    struct asked asked = {0};
    struct found found;

    if (!times_read(call, invalid, &asked) || !period_read(call, invalid, call->input, &asked) ||
        !statistics_valid(call, &asked))
        return ERR_NONE;
    enum err_code code = read_metric(call, call->input, &asked, &found, err);
    if (code != ERR_NONE)
        return code;
    for (size_t i = 0; i < found.len; i++)
        json_push(points, datapoint(call, &found, &found.periods[i]));
    json_put(
        call->arena, body, "Label",
        json_string(call->arena, json_get_str(call->input, "MetricName")));
    json_put(call->arena, body, "Datapoints", points);
    return cloudwatch_answer(call, body);
}

/* ------------------------------------------------------------------ GetMetricData */

static bool id_valid(struct str id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        bool lower = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
        if (!lower && (i == 0 || !(digit || c == '_' || (c >= 'A' && c <= 'Z'))))
            return false;
    }
    return id.len > 0;
}

/* false: answered. number: of the query, from 1. */
static bool
query_valid(struct local_call *call, const struct json *query, size_t number, struct asked *asked)
{
    static const char *const invalid = "ValidationError";
    const struct json *metric = json_get(query, "MetricStat");
    struct str id = json_get_str(query, "Id"), stat_name = json_get_str(metric, "Stat");
    struct stat stat;

    if (!id_valid(id))
        call_fail(
            call, 400, invalid,
            "The value " STR_FMT " for parameter MetricDataQueries.member.%zu.Id is not matching "
            "the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
            STR_ARG(id), number);
    JSON_EACH (other, json_get(call->input, "MetricDataQueries"))
        if (other != query && str_eq(json_get_str(other, "Id"), id) && !call->failed)
            call_fail(
                call, 400, invalid,
                "The values for parameter id in MetricDataQueries are not unique.");
    if (call->failed)
        return false;
    if (metric == NULL || json_get(query, "Expression") != NULL)
        call_fail(
            call, 400, invalid,
            "MetricDataQueries.member.%zu must have a MetricStat: expressions are not supported "
            "here.",
            number);
    else if (!stat_read(stat_name, &stat))
        call_fail(
            call, 400, invalid,
            "The value " STR_FMT " for parameter MetricDataQueries.member.%zu.MetricStat.Stat is "
            "not supported.",
            STR_ARG(stat_name), number);
    return !call->failed && period_read(call, invalid, metric, asked);
}

/* The page that is being filled: where it began, in queries and values, and how many it takes. */
struct data_page {
    uint64_t query, offset; /* at the end: where the next one begins */
    size_t room;
    bool descending, more;
    struct json *results;
};

static void add_result(
    struct local_call *call,
    const struct json *query,
    const struct found *found,
    struct data_page *page)
{
    struct arena *arena = call->arena;
    const struct json *metric = json_get(query, "MetricStat");
    struct json *result = json_object(arena), *times = json_array(arena),
                *values = json_array(arena);
    struct str label = json_get_str(query, "Label");
    struct stat stat;

    if (!stat_read(json_get_str(metric, "Stat"), &stat))
        return;
    if (str_is_null(label))
        label = json_get_str(json_get(metric, "Metric"), "MetricName");
    size_t i = (size_t) page->offset;
    for (; i < found->len && page->room > 0; i++, page->room--) {
        const struct measured *period = &found->periods[page->descending ? found->len - 1 - i : i];
        json_push(times, sm_time(arena, period->start_ms));
        json_push(values, json_num(arena, stat.of(period, stat.percent)));
    }
    page->more = i < found->len;
    json_put(arena, result, "Id", json_string(arena, json_get_str(query, "Id")));
    json_put(arena, result, "Label", json_string(arena, label));
    json_put(arena, result, "Timestamps", times);
    json_put(arena, result, "Values", values);
    json_put(arena, result, "StatusCode", json_z(arena, page->more ? "PartialData" : "Complete"));
    json_push(page->results, result);
    page->offset = page->more ? i : 0;
}

/* false: answered. */
static bool page_begin(struct local_call *call, struct data_page *page)
{
    int64_t max = json_get_int(call->input, "MaxDatapoints", MAX_DATA);
    struct str position = STR_NULL, query = STR_NULL;

    *page = (struct data_page){
        .room = (size_t) max,
        .descending = !str_eq_z(json_get_str(call->input, "ScanBy"), "TimestampAscending"),
        .results = json_array(call->arena)};
    if (max < 1 || max > MAX_DATA)
        call_fail(
            call, 400, "ValidationError", "The parameter MaxDatapoints must be from 1 to %d.",
            MAX_DATA);
    else if (
        !token_read(call, &position) ||
        (!str_is_null(position) &&
         (!str_split(&position, ':', &query) || !str_to_u64(query, &page->query) ||
          !str_to_u64(position, &page->offset))))
        call_fail(call, 400, "InvalidNextToken", "The next token specified is invalid.");
    return !call->failed;
}

static enum err_code fill_page(
    struct local_call *call, const struct asked *times, struct data_page *page, struct err *err)
{
    const struct json *queries = json_get(call->input, "MetricDataQueries");
    uint64_t number = 0;

    JSON_EACH (query, queries) {
        const struct json *metric = json_get(query, "MetricStat");
        struct asked asked = *times;
        struct found found;
        if (number++ < page->query)
            continue;
        page->more = page->room == 0;
        if (page->more)
            return ERR_NONE;
        if (!json_get_bool(query, "ReturnData", true)) {
            page->query++;
            continue;
        }
        asked.period_ms = json_get_int(metric, "Period", MINUTE_S) * 1000;
        asked.unit = json_get_str(metric, "Unit");
        enum err_code code = read_metric(call, json_get(metric, "Metric"), &asked, &found, err);
        if (code != ERR_NONE)
            return code;
        add_result(call, query, &found, page);
        if (page->more)
            return ERR_NONE;
        page->query++;
    }
    return ERR_NONE;
}

enum err_code cloudwatch_data(struct local_call *call, struct err *err)
{
    const struct json *queries = json_get(call->input, "MetricDataQueries");
    struct json *body = json_object(call->arena);
    struct asked asked = {0}, ignored;
    struct data_page page;
    size_t number = 0;

    if (queries->len > MAX_QUERIES)
        return call_fail(
            call, 400, "ValidationError",
            "The collection MetricDataQueries must not have a size greater than %d.", MAX_QUERIES);
    if (!times_read(call, "ValidationError", &asked))
        return ERR_NONE;
    JSON_EACH (query, queries)
        if (!query_valid(call, query, ++number, &ignored))
            return ERR_NONE;
    if (!page_begin(call, &page))
        return ERR_NONE;
    enum err_code code = fill_page(call, &asked, &page, err);
    if (code != ERR_NONE)
        return code;
    json_put(call->arena, body, "MetricDataResults", page.results);
    if (page.more)
        json_put(
            call->arena, body, "NextToken",
            json_string(
                call->arena,
                token_make(
                    call, str_fmt(
                              call->arena, "%llu:%llu", (unsigned long long) page.query,
                              (unsigned long long) page.offset))));
    json_put(call->arena, body, "Messages", json_array(call->arena));
    return cloudwatch_answer(call, body);
}

/* ------------------------------------------------------------------ ListMetrics */

static bool is_asked(const struct json *in, const struct measures_name *name)
{
    const struct measure_info *info = measure_info(name->which);
    struct str space = json_get_str(in, "Namespace"), metric = json_get_str(in, "MetricName");

    if ((!str_is_null(space) && !str_eq(space, info->space)) ||
        (!str_is_null(metric) && !str_eq(metric, info->name)))
        return false;
    JSON_EACH (filter, json_get(in, "Dimensions")) {
        struct str key = json_get_str(filter, "Name"), value = json_get_str(filter, "Value");
        bool endpoint = str_eq_z(key, "EndpointName");
        if ((!endpoint && !str_eq_z(key, "VariantName")) ||
            (!str_is_null(value) && !str_eq(value, endpoint ? name->endpoint : name->variant)))
            return false;
    }
    return true;
}

static struct json *metric_json(struct arena *arena, const struct measures_name *name)
{
    const struct measure_info *info = measure_info(name->which);
    const struct str pairs[][2] = {
        {STR("EndpointName"), name->endpoint}, {STR("VariantName"), name->variant}};
    struct json *metric = json_object(arena), *dimensions = json_array(arena);

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct json *dimension = json_object(arena);
        json_put(arena, dimension, "Name", json_string(arena, pairs[i][0]));
        json_put(arena, dimension, "Value", json_string(arena, pairs[i][1]));
        json_push(dimensions, dimension);
    }
    json_put(arena, metric, "Namespace", json_string(arena, info->space));
    json_put(arena, metric, "MetricName", json_string(arena, info->name));
    json_put(arena, metric, "Dimensions", dimensions);
    return metric;
}

enum err_code cloudwatch_list(struct local_call *call, struct err *err)
{
    struct json *body = json_object(call->arena), *metrics = json_array(call->arena);
    struct measures_name *names = NULL;
    struct str position = STR_NULL;
    uint64_t skip = 0;

    (void) err;
    if (!token_read(call, &position) || (!str_is_null(position) && !str_to_u64(position, &skip)))
        return call_fail(
            call, 400, "InvalidParameterValue", "The value for parameter NextToken is invalid.");
    size_t len = measures_list(call->local, call->arena, call->region, &names);
    for (size_t i = (size_t) skip; i < len; i++) {
        if (!is_asked(call->input, &names[i]))
            continue;
        if (metrics->len == LIST_PAGE) {
            struct str next = str_fmt(call->arena, "%zu", i);
            json_put(
                call->arena, body, "NextToken", json_string(call->arena, token_make(call, next)));
            break;
        }
        json_push(metrics, metric_json(call->arena, &names[i]));
    }
    json_put(call->arena, body, "Metrics", metrics);
    return cloudwatch_answer(call, body);
}
