#include "engine/resource/image.h"

#include "engine/base/partition.h"

/* To add a region: one line. */
static const struct {
    const char *region, *account;
} s_registries[] = {
    {"af-south-1", "510948584623"},      {"ap-east-1", "651117190479"},
    {"ap-northeast-1", "354813040037"},  {"ap-northeast-2", "366743142698"},
    {"ap-northeast-3", "867004704886"},  {"ap-south-1", "720646828776"},
    {"ap-south-2", "628508329040"},      {"ap-southeast-1", "121021644041"},
    {"ap-southeast-2", "783357654285"},  {"ap-southeast-3", "951798379941"},
    {"ap-southeast-4", "106583098589"},  {"ca-central-1", "341280168497"},
    {"ca-west-1", "190319476487"},       {"cn-north-1", "450853457545"},
    {"cn-northwest-1", "451049120500"},  {"eu-central-1", "492215442770"},
    {"eu-central-2", "680994064768"},    {"eu-north-1", "662702820516"},
    {"eu-south-1", "978288397137"},      {"eu-south-2", "104374241257"},
    {"eu-west-1", "141502667606"},       {"eu-west-2", "764974769150"},
    {"eu-west-3", "659782779980"},       {"il-central-1", "898809789911"},
    {"me-central-1", "272398656194"},    {"me-south-1", "801668240914"},
    {"sa-east-1", "737474898029"},       {"us-east-1", "683313688378"},
    {"us-east-2", "257758044811"},       {"us-gov-east-1", "237065988967"},
    {"us-gov-west-1", "414596584902"},   {"us-iso-east-1", "833128469047"},
    {"us-isob-east-1", "281123927165"},  {"us-isof-east-1", "108575199400"},
    {"us-isof-south-1", "124985052026"}, {"us-west-1", "746614075791"},
    {"us-west-2", "246618743249"},
};

/* Tags with the multi-model label (1.3-1 and newer). */
static const char *const s_versions[] = {"3.2-0", "3.0-5", "1.7-1", "1.5-1", "1.3-1"};

struct str image_uri(struct arena *arena, struct str region, struct str version)
{
    for (size_t i = 0; i < ARRAY_LEN(s_registries); i++)
        if (str_eq_z(region, s_registries[i].region))
            return str_fmt(
                arena, "%s.dkr.ecr." STR_FMT ".%s/sagemaker-xgboost:" STR_FMT,
                s_registries[i].account, STR_ARG(region), partition_of(region)->dns_suffix,
                STR_ARG(version));
    return STR_NULL;
}

bool image_version_known(struct str version)
{
    for (size_t i = 0; i < ARRAY_LEN(s_versions); i++)
        if (str_eq_z(version, s_versions[i]))
            return true;
    return false;
}

struct str image_version_of(struct str uri)
{
    struct str mark = STR("/sagemaker-xgboost:");
    size_t at = str_find(uri, mark);
    if (at == SIZE_MAX)
        return STR_NULL;
    struct str tag = str_from_index(uri, at + mark.len);
    size_t dash = str_find(tag, STR("-cpu-py3"));
    return str_slice(tag, 0, dash);
}

struct str image_versions(struct arena *arena)
{
    struct str list = str_from(s_versions[0]);
    for (size_t i = 1; i < ARRAY_LEN(s_versions); i++)
        list = str_fmt(arena, STR_FMT ", %s", STR_ARG(list), s_versions[i]);
    return list;
}
