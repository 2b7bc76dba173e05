#include "specs/spec_instances.h"

#define UP_TO_4 "large xlarge 2xlarge 4xlarge "
#define M5 UP_TO_4 "12xlarge 24xlarge"
#define SIXTH UP_TO_4 "8xlarge 12xlarge 16xlarge 24xlarge 32xlarge"
#define SEVENTH UP_TO_4 "8xlarge 12xlarge 16xlarge 24xlarge 48xlarge"
#define GRAVITON UP_TO_4 "8xlarge 12xlarge 16xlarge"
#define GRAVITON_8 "medium " UP_TO_4 "8xlarge 12xlarge 16xlarge 24xlarge 48xlarge"
#define ANY "*"

/* Sizes by use; NULL: not offered for it. To add a family: one line. */
static const struct {
    const char *family;
    const char *training, *hosting;
} s_families[] = {
    {"t2", NULL, "medium large xlarge 2xlarge"},
    {"t3", "medium large xlarge 2xlarge", NULL},
    {"m4", "xlarge 2xlarge 4xlarge 10xlarge 16xlarge", "xlarge 2xlarge 4xlarge 10xlarge 16xlarge"},
    {"m5", M5, M5},
    {"m5d", NULL, M5},
    {"m6i", SIXTH, SIXTH},
    {"m7i", SEVENTH, SEVENTH},
    {"c7i", SEVENTH, SEVENTH},
    {"r7i", SEVENTH, SEVENTH},
    {"c4", "xlarge 2xlarge 4xlarge 8xlarge", UP_TO_4 "8xlarge"},
    {"c5", "xlarge 2xlarge 4xlarge 9xlarge 18xlarge", UP_TO_4 "9xlarge 18xlarge"},
    {"c5d", NULL, UP_TO_4 "9xlarge 18xlarge"},
    {"c5n", "xlarge 2xlarge 4xlarge 9xlarge 18xlarge", NULL},
    {"c6i", "xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge", SIXTH},
    {"c6in", NULL, SIXTH},
    {"r5", M5 " 8xlarge 16xlarge", M5},
    {"r5d", M5 " 8xlarge 16xlarge", M5},
    {"r6i", NULL, SIXTH},
    {"m6g", NULL, GRAVITON},
    {"m6gd", NULL, GRAVITON},
    {"c6g", NULL, GRAVITON},
    {"c6gd", NULL, GRAVITON},
    {"c6gn", NULL, GRAVITON},
    {"r6g", NULL, GRAVITON},
    {"r6gd", NULL, GRAVITON},
    {"c7g", NULL, GRAVITON},
    {"r7gd", NULL, "medium " GRAVITON},
    {"m8g", NULL, GRAVITON_8},
    {"c8g", NULL, GRAVITON_8},
    {"r8g", NULL, GRAVITON_8},
    {"g4dn", ANY, ANY},
    {"g5", ANY, ANY},
    {"g6", ANY, ANY},
    {"g6e", ANY, ANY},
    {"g7", ANY, ANY},
    {"g7e", ANY, ANY},
    {"p2", ANY, ANY},
    {"p3", ANY, ANY},
    {"p3dn", ANY, ANY},
    {"p4d", ANY, ANY},
    {"p4de", ANY, ANY},
    {"p5", ANY, ANY},
    {"p5e", ANY, ANY},
    {"p5en", ANY, ANY},
    {"p6-b200", ANY, ANY},
    {"trn1", ANY, ANY},
    {"trn1n", ANY, ANY},
    {"trn2", ANY, ANY},
    {"inf1", NULL, ANY},
    {"inf2", NULL, ANY},
};

static bool has_size(const char *sizes, struct str size)
{
    if (sizes == NULL)
        return false;
    struct str rest = str_from(sizes), part;
    while (str_split(&rest, ' ', &part))
        if (str_eq(part, size) || str_eq_z(part, ANY))
            return true;
    return false;
}

bool spec_instance_known(struct str type, enum instance_use use)
{
    struct str rest = type, prefix, family;
    if (!str_split(&rest, '.', &prefix) || !str_split(&rest, '.', &family) ||
        !str_eq_z(prefix, "ml"))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(s_families); i++)
        if (str_eq_z(family, s_families[i].family))
            return has_size(
                use == INSTANCE_TRAINING ? s_families[i].training : s_families[i].hosting, rest);
    return false;
}
