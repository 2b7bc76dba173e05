#include "engine/local/runtime_path.h"

/* ------------------------------------------------------------------ single-model payloads */

/* The Flask container: text/csv unless asked otherwise, one value per line; JSON as objects. It
 * is asked for JSON and put into that form, so that both modes predict with the same code. */
static bool wants_csv(struct str accept)
{
    return str_is_null(accept) || str_eq_z(accept, "*/*") || str_eq_z(accept, "text/csv");
}

static bool wants_json(struct str accept)
{
    return str_eq_z(accept, "application/json") || str_eq_z(accept, "application/jsonlines");
}

static enum err_code single_form(
    struct local_call *call, struct str accept, struct serve_response *answer, struct err *err)
{
    AUTO(buf_done) struct buf out = BUF_INIT(MIB(64));
    struct json *scores = NULL;
    enum err_code code = json_parse(call->arena, answer->body, MIB(64), &scores, err);
    bool csv = wants_csv(accept), lines = str_eq_z(accept, "application/jsonlines"), first = true;

    if (code != ERR_NONE)
        return err_wrap(err, "the prediction");
    if (!csv && !lines)
        buf_add_z(&out, "{\"predictions\": [");
    JSON_EACH (score, scores) {
        struct str text = json_text(call->arena, score, JSON_COMPACT);
        if (csv) {
            /* np.savetxt: a row of several values is joined by commas. */
            if (score->type == JSON_ARRAY)
                text = str_slice(text, 1, text.len - 1);
            buf_fmt(&out, STR_FMT "\n", STR_ARG(text));
        } else {
            buf_fmt(
                &out, "%s{\"score\": " STR_FMT "}%s", first || lines ? "" : ", ", STR_ARG(text),
                lines ? "\n" : "");
        }
        first = false;
    }
    if (!csv && !lines)
        buf_add_z(&out, "]}");
    answer->body = str_dup(call->arena, buf_str(&out));
    answer->content_type = csv ? STR("text/csv; charset=utf-8") : accept;
    return ERR_NONE;
}

/* body, content_type: of the call, or of what the container before answered. accept: of the call,
 * for the last one. */
static enum err_code invoke_container(
    struct local_call *call,
    const struct fleet_container *container,
    const struct serve_request *given,
    struct serve_response *answer,
    struct err *err)
{
    bool single = !container->multi,
         any = str_is_null(given->accept) || str_eq_z(given->accept, "*/*");
    struct str accept = any && single && !str_is_null(container->default_accept)
                            ? container->default_accept
                            : given->accept;
    struct serve_request request = {
        .target = single ? container->target : given->target,
        .content_type = given->content_type,
        .accept = single ? STR("application/json") : accept,
        .body = given->body,
    };
    enum err_code code;

    if (single && !wants_csv(accept) && !wants_json(accept)) {
        *answer = (struct serve_response){
            .status = 406,
            .body =
                str_fmt(call->arena, "Accept type " STR_FMT " is not supported.", STR_ARG(accept))};
        return ERR_NONE;
    }
    code = serve_invoke(container->serve, call->arena, &request, answer, err);
    if (code == ERR_NONE && single && answer->status == 200)
        code = single_form(call, accept, answer, err);
    return code;
}

/* ------------------------------------------------------------------ the pipeline */

/* What one answered, as the next one's request: its body and its type. Accept is the caller's, and
 * so the last one's; those before answer as they are set up to.
 * docs.aws.amazon.com/sagemaker/latest/dg/inference-pipeline-real-time.html */
enum err_code runtime_walk(
    struct local_call *call,
    struct runtime_path *path,
    struct str target,
    struct serve_response *answer,
    struct err *err)
{
    struct serve_request request = {
        .target = target,
        .content_type = call_request_header(call, "Content-Type"),
        .body = call->http->body,
    };
    struct serve_response sum = {0};

    for (path->at = 0; path->at < path->len; path->at++) {
        bool last = path->at + 1 == path->len;
        enum err_code code;
        if (last)
            request.accept = call_request_header(call, "Accept");
        code = invoke_container(call, path->items[path->at], &request, answer, err);
        if (code != ERR_NONE)
            return code;
        sum.loaded_now |= answer->loaded_now;
        sum.load_us += answer->load_us;
        sum.predict_us += answer->predict_us;
        if (last || answer->status != 200)
            break;
        request.content_type = answer->content_type;
        request.body = answer->body;
    }
    answer->loaded_now = sum.loaded_now;
    answer->load_us = sum.load_us;
    answer->predict_us = sum.predict_us;
    return ERR_NONE;
}
