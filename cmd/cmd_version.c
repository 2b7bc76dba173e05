#include "cmd/cmd.h"
#include "engine/aws/http_curl.h"
#include "engine/xgb/artifact.h"

/* Each library's header is included by the one file that wraps it; what they answer about
 * themselves needs no more than these prototypes. */
const char *yaml_get_version_string(void);
const char *OpenSSL_version(int type);
const char *cJSON_Version(void);
const char *XML_ExpatVersion(void);
const char *archive_version_string(void);
const char *MHD_get_version(void);
const char *sqlite3_libversion(void);

struct library {
    const char *name;
    struct str version;
};

/* The digits after the name: "expat_2.5.0", "libarchive 3.6.2", "OpenSSL 3.0.15 3 Sep 2024". */
static struct str number_of(const char *text)
{
    struct str all = str_from(text);
    size_t start = 0;
    while (start < all.len && (all.ptr[start] < '0' || all.ptr[start] > '9'))
        start++;
    size_t end = start;
    while (end < all.len && all.ptr[end] != ' ')
        end++;
    return str_slice(all, start, end);
}

static enum exit_code run(struct app *app)
{
    struct arena *arena = app->arena;
    const struct library libraries[] = {
        {"libxgboost", xgboost_version(arena)},
        {"libyaml", number_of(yaml_get_version_string())},
        {"libcurl", number_of(http_curl_version())},
        {"openssl", number_of(OpenSSL_version(0))},
        {"cjson", number_of(cJSON_Version())},
        {"expat", number_of(XML_ExpatVersion())},
        {"libarchive", number_of(archive_version_string())},
        {"libdeflate", str_from(artifact_unpacker_version())},
        {"libmicrohttpd", number_of(MHD_get_version())},
        {"sqlite", number_of(sqlite3_libversion())},
    };
    if (app->args.json) {
        struct json *out = json_object(arena), *libs = json_object(arena);
        json_put(arena, out, "format_version", json_z(arena, "1.0"));
        json_put(arena, out, "version", json_z(arena, MMECTL_VERSION));
        for (size_t i = 0; i < ARRAY_LEN(libraries); i++)
            json_set(
                arena, libs, str_from(libraries[i].name), json_string(arena, libraries[i].version));
        json_put(arena, out, "libraries", libs);
        return app_print_json(app, out);
    }
    struct buf buf = BUF_INIT(KIB(4));
    buf_add_z(&buf, "mmectl " MMECTL_VERSION "\n");
    for (size_t i = 0; i < ARRAY_LEN(libraries); i++)
        buf_fmt(&buf, "%s " STR_FMT "\n", libraries[i].name, STR_ARG(libraries[i].version));
    enum exit_code code = app_print(app, &buf);
    buf_done(&buf);
    return code;
}

static const struct opt_set *const s_sets[] = {&args_json, &args_common, NULL};

const struct cmd cmd_version = {
    .name = "version",
    .operands = "",
    .summary = "print the versions of mmectl and of every library it uses",
    .text = "Prints the version of mmectl and of each library it runs with.",
    .sets = s_sets,
    .run = run,
};
