/* engine/kinds/permission_groups.h - where the actions of a policy may go, and on what condition.
 *
 * Each group becomes one statement of a policy: one set of resources, one condition. The table of
 * actions is in permissions.c; nobody else includes this.
 */
#ifndef ENGINE_KINDS_PERMISSION_GROUPS_H
#define ENGINE_KINDS_PERMISSION_GROUPS_H

#include "engine/kinds/permissions.h"

/* One group becomes one statement: the same resources under the same condition. */
enum permission_group {
    GROUP_ACCOUNT,
    GROUP_BUCKET_LIST,
    GROUP_BUCKET,
    GROUP_OBJECTS,
    GROUP_OBJECTS_DELETE,
    GROUP_PARENTS,
    GROUP_SOURCES_LIST,
    GROUP_SOURCES,
    GROUP_THINGS,
    GROUP_THINGS_CREATE,
    GROUP_THINGS_CHANGE,
    GROUP_ENDPOINT,
    GROUP_PASS_ROLE,
    GROUP_ROLE,
    GROUP_JOB_LOGS,
    GROUP_JOB_STREAMS,
    GROUP_ENDPOINT_LOGS,
    GROUP_SCALING,
    GROUP_SCALED,
    GROUP_SCALING_ALARMS,
    GROUP_SCALING_ROLE,
    GROUP_ALARMS,
    GROUP_KEYS,
    GROUP_OBJECT_KEY,
    GROUP_ROLE_CAPTURE,
    GROUP_ROLE_NETWORK,
    GROUP_IMPORT,
    GROUP_ROLE_DATA,
    GROUP_ROLE_OUTPUT,
    GROUP_ROLE_LOGS,
    GROUP_ROLE_METRICS,
    GROUP_ROLE_REGISTRY,
    GROUP_ROLE_IMAGES,
    GROUP_COUNT
};

struct statement {
    struct arena *arena;
    const struct permission_scope *scope;
    const struct want *want; /* the scope's */
    struct json *resources;
    struct json *condition; /* NULL for none */
};

const char *permission_group_sid(enum permission_group group);
/* Adds the group's resources and conditions; without resources the statement is not needed. */
void permission_group_fill(enum permission_group group, struct statement *statement);
/* Once each. */
void statement_add_resource(struct statement *statement, struct str resource);
/* "arn:<partition>:<service>:<region>:<account>:<resource>" */
void statement_add_arn(struct statement *statement, const char *service, struct str resource);
/* {operator: {key: [value, ...]}} */
void statement_add_condition(
    struct statement *statement, const char *operator, struct str key, struct str value);

#endif
