/* engine/local/sm.h - what the files of the SageMaker room share: its things, their rows, errors.
 *
 * A thing is a training job, model, endpoint config or endpoint: one row, its request and state as
 * one JSON document. `due_ms` is the next moment at which time alone changes it; sm_room's advance
 * looks at nothing else. Names are unique per region and compared without case for endpoints.
 * Everything here runs with the world entered. Ownership: on the arena given.
 * Follows: the SageMaker API reference; texts of errors as the service really sends them.
 */
#ifndef ENGINE_LOCAL_SM_H
#define ENGINE_LOCAL_SM_H

#include "engine/local/call.h"
#include "engine/local/sm_ops.h"

/* The kind is the resource type of its ARN. */
enum sm_thing_kind { SM_JOB, SM_MODEL, SM_CONFIG, SM_ENDPOINT, SM_N_KINDS };

enum { SM_NEVER = -1 }; /* a due_ms that does not come */

struct sm_thing {
    enum sm_thing_kind kind;
    struct str region, name, arn, status;
    int64_t created_ms, modified_ms, due_ms;
    struct json *doc;
};

extern const struct local_room local_sm_room;

#define SM_DECLARE(service, name, action, handler, flags) local_op_fn handler;
LOCAL_SM_CONTROL_OPS(SM_DECLARE)
#undef SM_DECLARE

const char *sm_kind_name(enum sm_thing_kind kind); /* "training-job" */
struct str sm_arn(
    struct local *local,
    struct arena *arena,
    struct str region,
    enum sm_thing_kind kind,
    struct str name);
bool sm_find(
    struct local *local,
    struct arena *arena,
    struct str region,
    enum sm_thing_kind kind,
    struct str name,
    struct sm_thing *out);
/* The same for a caller from outside: what was created a moment ago may not be visible yet (setting
 * visibleAfterMs). */
bool sm_find_visible(
    struct local_call *call, enum sm_thing_kind kind, struct str name, struct sm_thing *out);
/* Whether a Create must answer that the name is taken: the thing is there, or was deleted a moment
 * ago (setting recreateAfterMs). */
bool sm_name_taken(struct local_call *call, enum sm_thing_kind kind, struct str name);
void sm_save(struct local *local, struct arena *arena, const struct sm_thing *thing);
void sm_drop(struct local *local, struct arena *arena, const struct sm_thing *thing); /* + tags */
/* Saves a new thing made by this call, with its tags; its doc is given. */
void sm_create(
    struct local_call *call,
    enum sm_thing_kind kind,
    struct str name,
    struct str status,
    int64_t due_ms,
    struct json *doc);
/* The next thing of any kind that is due; false when none is. */
bool sm_next_due(struct local *local, struct arena *arena, int64_t now_ms, struct sm_thing *out);
/* All things of a kind in every region, by region and name. */
typedef void sm_each_fn(void *arg, const struct sm_thing *thing);
void sm_each(
    struct local *local, struct arena *arena, enum sm_thing_kind kind, sm_each_fn *each, void *arg);

/* Answers a List operation: rows of a kind, summarised one by one under key. */
typedef struct json *sm_summary_fn(struct arena *arena, const struct sm_thing *thing);
enum err_code
sm_list(struct local_call *call, enum sm_thing_kind kind, const char *key, sm_summary_fn *summary);

/* Tags. */
bool sm_tags_valid(struct local_call *call, const struct json *tags); /* answers when not */
void sm_tags_set(struct local *local, struct str arn, const struct json *tags);
struct json *sm_tags_of(struct local *local, struct arena *arena, struct str arn);

/* ValidationException, 400. */
enum err_code sm_invalid(struct local_call *call, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Epoch seconds with milliseconds, as json 1.1 sends times. */
struct json *sm_time(struct arena *arena, int64_t ms);
/* Sets a member unless the object has it. */
void sm_default(struct arena *arena, struct json *object, const char *key, struct json *value);
/* A string that outlives the caller's buffers. */
struct json *sm_text(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A copy of an object without one member. */
struct json *sm_without(struct arena *arena, const struct json *object, const char *key);
struct json *sm_mutable(struct json *object, const char *key); /* a member, to be changed */

/* World settings (POST /_mmectl/settings); STR_NULL when not set. */
struct str sm_setting(struct local *local, struct arena *arena, const char *name);
/* Milliseconds of the setting <name>.<kind>, else of <name>; 0 when neither is there. */
int64_t sm_setting_ms(struct local *local, const char *name, const char *kind);
/* Answers and returns false when SageMaker could not assume the role. */
bool sm_role_usable(struct local_call *call, struct str role);
/* ResourceLimitExceeded unless `in_use + wanted` instances fit the setting "quota.<type> for
 * <usage> usage". Answers and returns false when not. */
bool sm_quota_fits(
    struct local_call *call, struct str type, const char *usage, int64_t in_use, int64_t wanted);
/* Whether the image carries com.amazonaws.sagemaker.capabilities.multi-models=true. */
bool sm_image_multi_model(struct local *local, struct arena *arena, struct str image);
/* Whether the image is an XGBoost one, by its repository. */
bool sm_image_xgboost(struct str image);
/* Whether the model server of a container that serves one model comes up: in this stand-in that of
 * XGBoost, so the model data has to be a model of it. A world whose training makes no models of
 * XGBoost takes any. */
bool sm_container_loads(struct local *local, const struct json *container);
/* How a container is called in messages and log streams: by its hostname, or "container-<n>". */
struct str sm_container_name(struct arena *arena, const struct json *container, size_t index);
/* Whether model data is there: for MultiModel at least one .tar.gz under the prefix, else the
 * object itself, in a bucket of the region. */
bool sm_model_data_exists(
    struct local *local, struct arena *arena, struct str region, struct str url, bool multi);

/* What the setting serverDefaults adds to a Describe answer (sm_defaults.c). */
void sm_fill_defaults(struct local_call *call, enum sm_thing_kind kind, struct json *body);

/* Time: move one thing as far as now_ms. */
void sm_job_advance(struct local *local, struct arena *arena, struct sm_thing *job, int64_t now_ms);
void sm_endpoint_advance(
    struct local *local, struct arena *arena, struct sm_thing *endpoint, int64_t now_ms);
/* Sets how many instances a variant runs on, when the endpoint is InService; else nothing. */
void sm_endpoint_scale(
    struct local *local,
    struct arena *arena,
    struct sm_thing *endpoint,
    struct str variant,
    int64_t count,
    int64_t now_ms);
/* An alarm is in ALARM now: updates that watch it roll back. */
void sm_alarm_raised(
    struct local *local, struct arena *arena, struct str region, struct str alarm, int64_t now_ms);
/* sm_deploy.c: what DeploymentConfig asks for. Answers and returns false when it cannot be done. */
bool sm_deployment_fits(struct local_call *call, const struct json *deployment);
/* How long an update takes once its new instances are there: every baking, interval and wait, each
 * at most as long as the stand-in's own delay for it. instances: of the fleet. */
int64_t sm_deployment_ms(struct local *local, const struct json *deployment, int64_t instances);
bool sm_deployment_watches(const struct json *deployment, struct str alarm);
/* The first of its alarms that is in ALARM; STR_NULL. */
struct str sm_deployment_alarm(
    struct local *local, struct arena *arena, struct str region, const struct json *deployment);

/* Warm pools (sm_pool.c). A new job takes one over that fits, true, or may get one of its own. */
bool sm_pool_take(struct local_call *call, const struct json *request, struct json *doc);
void sm_pool_advance(
    struct local *local, struct arena *arena, struct sm_thing *job, int64_t now_ms);
bool sm_pool_waits(const struct sm_thing *job); /* Available: the job cannot be deleted */
struct json *sm_pool_describe(struct arena *arena, const struct sm_thing *job); /* NULL: none */

/* What DescribeTrainingJob says of a job. */
struct json *sm_job_describe(struct arena *arena, const struct sm_thing *job);
/* What DescribeEndpoint says of an endpoint. */
struct json *sm_endpoint_describe(struct local_call *call, const struct sm_thing *endpoint);
bool sm_job_is_final(const struct sm_thing *job);
/* Enters a secondary status at a moment: appends the transition, sets due_ms. */
void sm_job_enter(struct arena *arena, struct sm_thing *job, const char *secondary, int64_t at_ms);

#endif
