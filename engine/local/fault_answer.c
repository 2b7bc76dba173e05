/* What a refused call is told, in the words of each service. */
#include "engine/local/faults.h"

#include "engine/local/auth.h"

struct words {
    int status;
    const char *code, *message;
};

/* S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 * others: https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html */
static const struct {
    const char *kind;
    struct words s3, query, json;
} s_words[] = {
    {"throttle",
     {503, "SlowDown", "Please reduce your request rate."},
     {400, "Throttling", "Rate exceeded"},
     {400, "ThrottlingException", "Rate exceeded"}},
    {"500",
     {500, "InternalError", "We encountered an internal error. Please try again."},
     {500, "InternalFailure",
      "The request processing has failed because of an unknown error, exception or failure."},
     {500, "InternalFailure",
      "The request processing has failed because of an unknown error, exception or failure."}},
    {"503",
     {503, "ServiceUnavailable", "Service is unable to handle request."},
     {503, "ServiceUnavailable",
      "The request has failed due to a temporary failure of the server."},
     {503, "ServiceUnavailable",
      "The request has failed due to a temporary failure of the server."}},
};

void fault_answer(struct local_call *call, const struct json *fault)
{
    struct str kind = json_get_str(fault, "kind");
    if (str_eq_z(kind, "reset-before")) {
        call->cut = HTTPD_NOTHING;
        return;
    }
    if (str_eq_z(kind, "expired-token")) {
        auth_refuse_expired(call);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(s_words); i++)
        if (str_eq_z(kind, s_words[i].kind)) {
            const struct words *words = call->service == LOCAL_S3 ? &s_words[i].s3
                                        : call_speaks_query(call) ? &s_words[i].query
                                                                  : &s_words[i].json;
            call_fail(call, words->status, words->code, "%s", words->message);
            return;
        }
    struct str code = json_get_str(fault, "code"), message = json_get_str(fault, "message");
    call_fail(
        call, (int) json_get_int(fault, "status", 400),
        str_is_null(code) ? "ThrottlingException" : str_z(call->arena, code), STR_FMT,
        STR_ARG(str_is_null(message) ? STR("Rate exceeded") : message));
}
