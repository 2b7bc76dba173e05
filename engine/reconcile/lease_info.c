#include "engine/reconcile/lease_info.h"

#define MAX_TEXT 200
#define MAX_BODY_BYTES KIB(16)
#define LONGEST_TTL_MS ((int64_t) 3600 * 1000)

struct str lease_info_text(struct arena *arena, const struct lease_info *info, uint64_t renewal)
{
    const struct host_process *host = &info->host;
    struct json *out = json_object(arena), *where = json_object(arena);
    json_put(arena, out, "ID", json_string(arena, info->id));
    json_put(arena, out, "Operation", json_string(arena, info->operation));
    json_put(arena, out, "Info", json_string(arena, info->info));
    json_put(arena, out, "Who", json_string(arena, info->who));
    json_put(arena, out, "Version", json_string(arena, info->version));
    json_put(arena, out, "Created", json_string(arena, info->created));
    json_put(arena, out, "Path", json_string(arena, info->path));
    json_put(arena, out, "TTL", json_int(arena, info->ttl_ms / 1000));
    /* Makes every renewal other bytes, hence another ETag: whoever read an older one loses. */
    json_put(arena, out, "Renewal", json_int(arena, (int64_t) renewal));
    json_put(arena, where, "machine", json_string(arena, host->machine));
    json_put(arena, where, "boot", json_string(arena, host->boot));
    json_put(arena, where, "pidNamespace", json_string(arena, host->pid_namespace));
    json_put(arena, where, "pid", json_int(arena, host->pid));
    json_put(arena, where, "startTime", json_int(arena, (int64_t) host->start_time));
    json_put(arena, out, "Host", where);
    return json_text(arena, out, JSON_PRETTY);
}

/* Somebody else's text, on its way to a terminal: cut, and without control characters. */
static struct str clean(struct arena *arena, const struct json *object, const char *key)
{
    struct str text = json_get_str(object, key);
    if (str_is_null(text))
        return STR("");
    if (text.len > MAX_TEXT)
        text.len = MAX_TEXT;
    char *copy = str_z(arena, text);
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char) copy[i] < ' ' || copy[i] == '\x7f')
            copy[i] = '?';
    return str_of(copy, text.len);
}

struct lease_info lease_info_read(struct arena *arena, const struct seen_lease *seen)
{
    struct lease_info info = {
        .present = seen->present,
        .age_ms = seen->age_ms,
        .etag = seen->etag,
        .ttl_ms = LEASE_TTL_MS};
    struct json *body = NULL;
    struct err ignored = {0};
    /* What cannot be read is somebody's, too; it expires like any other. */
    if (!seen->present ||
        json_parse(arena, seen->text, MAX_BODY_BYTES, &body, &ignored) != ERR_NONE)
        body = NULL;
    const struct json *host = json_get(body, "Host");
    info.id = clean(arena, body, "ID");
    info.operation = clean(arena, body, "Operation");
    info.info = clean(arena, body, "Info");
    info.who = clean(arena, body, "Who");
    info.version = clean(arena, body, "Version");
    info.created = clean(arena, body, "Created");
    info.path = clean(arena, body, "Path");
    int64_t ttl_s = json_get_int(body, "TTL", LEASE_TTL_MS / 1000);
    if (ttl_s > 0 && ttl_s <= LONGEST_TTL_MS / 1000)
        info.ttl_ms = ttl_s * 1000;
    info.host.machine = clean(arena, host, "machine");
    info.host.boot = clean(arena, host, "boot");
    info.host.pid_namespace = clean(arena, host, "pidNamespace");
    info.host.pid = json_get_int(host, "pid", 0);
    int64_t start_time = json_get_int(host, "startTime", 0);
    info.host.start_time = start_time > 0 ? (uint64_t) start_time : 0;
    return info;
}

int64_t lease_info_left_ms(const struct lease_info *info)
{
    if (info->age_ms < 0)
        return INT64_MAX;
    int64_t left_ms = info->ttl_ms + LEASE_GRACE_MS - info->age_ms;
    return left_ms >= 0 ? left_ms + 1 : 0; /* over only past the grace */
}

static void describe_line(struct buf *buf, const char *name, struct str value)
{
    buf_fmt(buf, "\n  %-11s" STR_FMT, name, STR_ARG(value));
}

void lease_describe(struct buf *buf, const struct lease_info *info)
{
    buf_add_z(buf, "Lock Info:");
    describe_line(buf, "ID:", info->id);
    describe_line(buf, "Path:", info->path);
    describe_line(buf, "Operation:", info->operation);
    describe_line(buf, "Who:", info->who);
    describe_line(buf, "Version:", info->version);
    describe_line(buf, "Created:", info->created);
    describe_line(buf, "Info:", info->info);
    int64_t left_ms = lease_info_left_ms(info);
    if (left_ms == INT64_MAX)
        return;
    int64_t left_s = (left_ms + 999) / 1000;
    buf_add_z(buf, "\n  Expires:   in ");
    if (left_s >= 60)
        buf_fmt(buf, "%lldm", (long long) (left_s / 60));
    buf_fmt(buf, "%llds (automatic)", (long long) (left_s % 60));
}
