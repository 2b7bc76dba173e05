/* engine/local/alarms.h - the alarms of CloudWatch in the stand-in.
 *
 * An alarm is a row with what it was made of and its state. It watches no metric: SetAlarmState
 * moves an alarm, as AWS's own tests of alarms do, and an endpoint whose update watches it rolls
 * back.
 * Everything runs with the world entered.
 * Follows: the CloudWatch API reference (2010-08-01).
 */
#ifndef ENGINE_LOCAL_ALARMS_H
#define ENGINE_LOCAL_ALARMS_H

#include "engine/local/call.h"

#define LOCAL_ALARM_OPS(X) \
    X(LOCAL_CLOUDWATCH, "PutMetricAlarm", "cloudwatch:PutMetricAlarm", alarms_put, OP_MUTATING) \
    X(LOCAL_CLOUDWATCH, "DescribeAlarms", "cloudwatch:DescribeAlarms", alarms_describe, 0) \
    X(LOCAL_CLOUDWATCH, "SetAlarmState", "cloudwatch:SetAlarmState", alarms_set_state, \
      OP_MUTATING) \
    X(LOCAL_CLOUDWATCH, "DeleteAlarms", "cloudwatch:DeleteAlarms", alarms_delete, OP_MUTATING)

extern const struct local_room local_alarms_room;

#define ALARMS_DECLARE(service, name, action, handler, flags) local_op_fn handler;
LOCAL_ALARM_OPS(ALARMS_DECLARE)
#undef ALARMS_DECLARE

/* "OK", "ALARM", "INSUFFICIENT_DATA"; STR_NULL: there is no such alarm. */
struct str
alarms_state(struct local *local, struct arena *arena, struct str region, struct str name);
/* One that Application Auto Scaling makes for a policy of its own. */
void alarms_put_managed(
    struct local_call *call,
    struct str name,
    struct str endpoint,
    struct str variant,
    double threshold);
/* Forgets the alarms whose names start with a prefix. */
void alarms_forget(struct local *local, struct str region, struct str prefix);

#endif
