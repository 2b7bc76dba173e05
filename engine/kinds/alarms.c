/* https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html */
#include "engine/kinds/kinds_internal.h"

enum err_code kinds_observe_alarms(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    struct snapshot *out,
    struct err *err)
{
    static const char *const lists[] = {"MetricAlarms", "CompositeAlarms"};
    struct json *body = json_object(arena), *names = json_array(arena), *types = json_array(arena);
    const struct json *reply;
    for (size_t i = 0; i < want->update->n_alarms; i++)
        json_push(names, json_string(arena, want->update->alarms[i].name));
    json_push(types, json_z(arena, "MetricAlarm"));
    json_push(types, json_z(arena, "CompositeAlarm"));
    json_put(arena, body, "AlarmNames", names);
    json_put(arena, body, "AlarmTypes", types);
    enum err_code code =
        aws_json_call(kinds->aws, arena, AWS_CLOUDWATCH, "DescribeAlarms", body, &reply, err);
    if (code != ERR_NONE)
        return code;
    out->alarms_seen = true;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        JSON_EACH (alarm, json_get(reply, lists[i]))
            *VEC_PUSH(arena, &out->alarms) = (struct seen_alarm){
                json_get_str(alarm, "AlarmName"), json_get_str(alarm, "StateValue")};
    }
    return ERR_NONE;
}
