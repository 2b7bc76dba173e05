/* engine/aws/aws.h - a session with AWS: one region, one account.
 *
 * Everything sent to AWS goes through a session: it finds the endpoint, signs, sends through the
 * transport, retries (retry.h, the only retry layer), and turns every answer that is not a success
 * into a struct err (fault.h). Calls block the calling task, not the thread; results live on the
 * arena given. The session borrows everything in its options; they must outlive it.
 *
 * Errors of any call: AUTH (credentials), DENIED (403, hint names the action), NOT_FOUND, EXISTS,
 * BUSY, PRECONDITION (412, 409 of S3), THROTTLED, QUOTA, TRANSIENT, TIMEOUT, TERMINAL, PROTOCOL,
 * CANCELLED, with err->aws filled. err->aws.maybe_done says that some attempt of the call may have
 * taken effect: SageMaker's Create* and Update* are then not sent again (Describe first), and a
 * conditional PUT's 412 may be its own echo (read back).
 * Threads: the loop's.
 */
#ifndef ENGINE_AWS_AWS_H
#define ENGINE_AWS_AWS_H

#include "engine/aws/creds.h"
#include "engine/aws/http.h"
#include "engine/base/json.h"
#include "engine/base/loop.h"
#include "engine/base/rng.h"

/* To add a service: one line here, one file with its calls, one line in README.md.
 *  id, host prefix, signing name, suffix of AWS_ENDPOINT_URL_*, X-Amz-Target prefix, gate width */
#define AWS_SERVICE_LIST(X) \
    X(S3, "s3", "s3", "S3", "", 32) \
    X(SAGEMAKER, "api.sagemaker", "sagemaker", "SAGEMAKER", "SageMaker", 10) \
    X(RUNTIME, "runtime.sagemaker", "sagemaker", "SAGEMAKER_RUNTIME", "", 64) \
    X(STS, "sts", "sts", "STS", "", 10) \
    X(LOGS, "logs", "logs", "CLOUDWATCH_LOGS", "Logs_20140328", 10) \
    X(IAM, "iam", "iam", "IAM", "", 10) \
    X(SCALING, "application-autoscaling", "application-autoscaling", "APPLICATION_AUTO_SCALING", \
      "AnyScaleFrontendService", 10) \
    X(CLOUDWATCH, "monitoring", "monitoring", "CLOUDWATCH", "GraniteServiceVersion20100801", 10) \
    X(SSO, "portal.sso", "awsssoportal", "SSO", "", 10) \
    X(SSO_OIDC, "oidc", "sso-oauth", "SSO_OIDC", "", 10)

enum aws_service {
#define AWS_SERVICE_ENUM(id, host, sign, suffix, target, width) AWS_##id,
    AWS_SERVICE_LIST(AWS_SERVICE_ENUM)
#undef AWS_SERVICE_ENUM
        AWS_SERVICE_COUNT
};

struct aws_options {
    struct loop *loop;
    struct clock clock;
    struct rng *rng; /* jitter, invocation ids */
    struct http_transport *http;
    struct creds_provider *creds;
    struct str region;
    struct str endpoint_url;       /* --endpoint-url: wins over everything; null when not given */
    env_fn *env;                   /* NULL: no environment */
    const struct profile *profile; /* may be NULL */
};

struct aws_stats {
    uint64_t requests; /* attempts sent, retries included */
    uint64_t mutating; /* of these, those that can change something */
    uint64_t retried;  /* of these, second and later attempts */
};

struct aws;

/* ERR_USAGE: region missing or malformed, a configured endpoint that is no URL. */
enum err_code aws_new(const struct aws_options *options, struct aws **ret_aws, struct err *err)
    MUST_USE;
void aws_free(struct aws *aws);

struct str aws_region(const struct aws *aws);
/* Once known, every S3 call carries x-amz-expected-bucket-owner. Copied. */
void aws_set_account(struct aws *aws, struct str account);
struct str aws_account(const struct aws *aws); /* STR_NULL until set */
/* A bucket that the spec reads from and that may belong to anyone: its calls do not name the owner.
 * Copied. */
void aws_allow_foreign_bucket(struct aws *aws, struct str bucket);
/* Where the credentials come from: "the environment", "role 'arn:...'"; STR_NULL when there
 * are none. */
struct str aws_keys_from(struct aws *aws, struct arena *arena);
struct aws_stats aws_stats(const struct aws *aws);
struct loop *aws_loop(const struct aws *aws);

/* Calls an operation of a JSON service (AWS_SAGEMAKER, AWS_LOGS, AWS_SCALING, AWS_CLOUDWATCH).
 * input NULL means {}; an empty answer is an empty object. ret_output may be NULL. */
enum err_code aws_json_call(
    struct aws *aws,
    struct arena *arena,
    enum aws_service service,
    const char *operation,
    const struct json *input,
    const struct json **ret_output,
    struct err *err) MUST_USE;

#endif
