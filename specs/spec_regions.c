#include "specs/spec_regions.h"

#include "engine/base/arena.h"
#include "engine/base/partition.h"
#include "engine/base/template.h"
#include "engine/base/vec.h"

#define BUCKET_MAX 63

static const struct spec_str *
find_region(const struct spec_str *regions, size_t count, struct str region)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(regions[i].value, region))
            return &regions[i];
    return NULL;
}

/* Whether a model or set with such a list belongs to the region: one without a list is everywhere.
 */
static bool in_region(const struct spec_str *regions, size_t count, struct str region)
{
    return count == 0 || find_region(regions, count, region) != NULL;
}

static struct str region_list(struct arena *arena, const struct spec *spec)
{
    struct str text = STR("");
    for (size_t i = 0; i < spec->n_regions; i++)
        text = str_fmt(
            arena, STR_FMT "%s" STR_FMT, STR_ARG(text), i > 0 ? ", " : "",
            STR_ARG(spec->regions[i].value));
    return text;
}

/* ---- what goes into a region ---- */

static struct str fill_place(struct arena *arena, struct str text, struct str region)
{
    const struct template_value value = {STR("region"), region};
    struct str filled, unknown;
    if (str_is_null(text) || !template_has(text, value.name) ||
        !template_fill(arena, text, &value, 1, &filled, &unknown))
        return text;
    return filled;
}

static void fill_places(struct arena *arena, struct spec *spec)
{
    struct str region = spec->region.value;
    spec->training.image_name = spec->training.image.value;
    if (str_is_null(region))
        return;
    spec->bucket.value = fill_place(arena, spec->bucket.value, region);
    spec->training.image.value = fill_place(arena, spec->training.image.value, region);
    spec->endpoint.image.value = fill_place(arena, spec->endpoint.image.value, region);
    struct spec_str *destination = &spec->endpoint.capture.destination;
    destination->value = fill_place(arena, destination->value, region);
    /* Of a document with a list, they are everybody's. */
    size_t count = spec->endpoint.n_containers;
    struct spec_container *containers = ARENA_ARRAY(arena, count, struct spec_container);
    for (size_t i = 0; i < count; i++) {
        containers[i] = spec->endpoint.containers[i];
        containers[i].image.value = fill_place(arena, containers[i].image.value, region);
    }
    spec->endpoint.containers = containers;
}

static void take_models(struct arena *arena, const struct spec *whole, struct spec *spec)
{
    spec->models = ARENA_ARRAY(arena, whole->n_models, struct spec_model);
    spec->n_models = 0;
    for (size_t i = 0; i < whole->n_models; i++) {
        const struct spec_model *model = &whole->models[i];
        if (in_region(model->regions, model->n_regions, spec->region.value))
            spec->models[spec->n_models++] = *model;
    }
    spec->sets = ARENA_ARRAY(arena, whole->n_sets, struct spec_model_set);
    spec->n_sets = 0;
    for (size_t i = 0; i < whole->n_sets; i++) {
        const struct spec_model_set *set = &whole->sets[i];
        if (in_region(set->regions, set->n_regions, spec->region.value))
            spec->sets[spec->n_sets++] = *set;
    }
}

static bool has_partition(const struct spec *spec)
{
    for (size_t i = 0; i < spec->n_sets; i++)
        if (spec->sets[i].partition.set)
            return true;
    return false;
}

static bool has_model(const struct spec *spec, struct str name)
{
    for (size_t i = 0; i < spec->n_models; i++)
        if (str_eq(spec->models[i].name.value, name))
            return true;
    return false;
}

/* A name that the document does not define is made by a partition, where there is one. */
static bool is_there(const struct spec *whole, const struct spec *spec, struct str model)
{
    return has_model(spec, model) || (!has_model(whole, model) && has_partition(spec));
}

static bool has_route(const struct spec *spec, struct str name)
{
    for (size_t i = 0; i < spec->n_routes; i++)
        if (str_eq(spec->routes[i].name.value, name))
            return true;
    return false;
}

bool spec_region_has(const struct spec *spec, struct str name)
{
    const struct spec *whole = spec->whole;
    return whole == NULL || has_model(spec, name) || has_route(spec, name) ||
           (!has_model(whole, name) && !has_route(whole, name));
}

bool spec_is_copied(const struct spec *spec, const struct spec_model *model)
{
    for (size_t i = 0; spec->whole != NULL && i < spec->whole->n_regions; i++) {
        struct str region = spec->whole->regions[i].value;
        if (str_eq(region, spec->region.value))
            return false;
        if (in_region(model->regions, model->n_regions, region))
            return true;
    }
    return false;
}

/* A region takes the routes between models that are there. One of which it has some models only is
 * a fault: the shares of the rest are nobody's to guess. */
static void
take_routes(struct arena *arena, struct diags *diags, const struct spec *whole, struct spec *spec)
{
    spec->routes = ARENA_ARRAY(arena, whole->n_routes, struct spec_route);
    spec->n_routes = 0;
    for (size_t i = 0; i < whole->n_routes; i++) {
        const struct spec_route *route = &whole->routes[i];
        const struct spec_pair *missing = NULL;
        size_t there = 0;
        for (size_t k = 0; k < route->split.len; k++) {
            bool known = is_there(whole, spec, route->split.items[k].name);
            there += known;
            if (!known && missing == NULL)
                missing = &route->split.items[k];
        }
        if (there == 0)
            continue;
        struct str shadow = route->shadow.value;
        bool shaded = str_is_null(shadow) || is_there(whole, spec, shadow);
        spec->routes[spec->n_routes++] = *route;
        if (missing == NULL && shaded)
            continue;
        struct str name = missing != NULL ? missing->name : shadow;
        struct diag *diag = diags_error(
            diags, missing != NULL ? missing->at : route->shadow.at,
            "route '" STR_FMT "' names model '" STR_FMT "', which region '" STR_FMT "' has not",
            STR_ARG(route->name.value), STR_ARG(name), STR_ARG(spec->region.value));
        diag_hint(
            diags, diag,
            "give all models of the route the same 'regions'; where none of them is, there is no "
            "route");
    }
}

static struct spec *of_region(
    struct arena *arena, struct diags *diags, const struct spec *whole, struct spec_str region)
{
    struct spec *spec = ARENA_NEW(arena, struct spec);
    *spec = *whole;
    spec->whole = whole;
    spec->region = region;
    take_models(arena, whole, spec);
    take_routes(arena, diags, whole, spec);
    fill_places(arena, spec);
    return spec;
}

/* ---- faults ---- */

static void
check_list(struct arena *arena, struct diags *diags, const struct spec_str *regions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct spec_str *first = find_region(regions, i, regions[i].value);
        if (first == NULL)
            continue;
        struct diag *diag = diags_error(
            diags, regions[i].at, "region '" STR_FMT "' is listed twice, first at " STR_FMT,
            STR_ARG(regions[i].value), STR_ARG(srcloc_text(arena, first->at)));
        diag_hint(diags, diag, "take one of the two out");
    }
}

/* The filter of a model or a set. */
static void check_filter(
    struct arena *arena,
    struct diags *diags,
    const struct spec *spec,
    const struct spec_str *regions,
    size_t count)
{
    check_list(arena, diags, regions, count);
    for (size_t i = 0; i < count; i++) {
        struct str region = regions[i].value;
        bool known = spec->n_regions > 0
                         ? find_region(spec->regions, spec->n_regions, region) != NULL
                         : str_is_null(spec->region.value) || str_eq(region, spec->region.value);
        if (known || diags_has_error(diags, regions[i].at))
            continue;
        struct diag *diag = diags_error(
            diags, regions[i].at, "region '" STR_FMT "' is none of the spec's", STR_ARG(region));
        diag_hint(
            diags, diag, "the spec is for " STR_FMT "; add the region to spec.regions first",
            STR_ARG(spec->n_regions > 0 ? region_list(arena, spec) : spec->region.value));
    }
}

/* The role's, of the only region. */
static void check_one_partition(struct diags *diags, const struct spec *spec, struct str partition)
{
    const char *name = partition_of(spec->region.value)->name;
    if (str_is_empty(spec->region.value) || str_eq_z(partition, name))
        return;
    struct diag *diag = diags_error(
        diags, spec->role.at,
        "the role is of partition '" STR_FMT "', region '" STR_FMT "' of '%s'", STR_ARG(partition),
        STR_ARG(spec->region.value), name);
    diag_hint(diags, diag, "a role of that region begins with arn:%s:iam::", name);
}

static void check_partition(struct diags *diags, const struct spec *spec)
{
    struct str rest = spec->role.value, partition = STR_NULL;
    if (diags_has_error(diags, spec->role.at) || !str_split(&rest, ':', &partition) ||
        !str_split(&rest, ':', &partition))
        return;
    if (spec->n_regions == 0)
        check_one_partition(diags, spec, partition);
    for (size_t i = 0; i < spec->n_regions; i++) {
        const char *name = partition_of(spec->regions[i].value)->name;
        if (str_eq_z(partition, name))
            continue;
        struct diag *diag = diags_error(
            diags, spec->regions[i].at,
            "region '" STR_FMT "' is of partition '%s', the role of '" STR_FMT "'",
            STR_ARG(spec->regions[i].value), name, STR_ARG(partition));
        diag_hint(diags, diag, "another partition is another account: give it a spec of its own");
    }
}

/* "683313688378.dkr.ecr.us-east-1.amazonaws.com/...": the region of an image; STR_NULL when its
 * host tells none. */
static struct str image_region(struct str image)
{
    struct str mark = STR(".dkr.ecr."), region;
    size_t at = str_find(image, mark);
    struct str rest = str_from_index(image, at == SIZE_MAX ? image.len : at + mark.len);
    return rest.len > 0 && str_split(&rest, '.', &region) ? region : STR_NULL;
}

static void check_image(struct diags *diags, const struct spec *spec, const struct spec_str *image)
{
    struct str region = image_region(image->value);
    for (size_t i = 0; i < spec->n_regions; i++) {
        struct str needed = spec->regions[i].value;
        if (str_is_null(region) || str_eq(region, needed) || str_eq_z(region, "{region}"))
            continue;
        struct diag *diag = diags_error(
            diags, image->at, "image '" STR_FMT "' is not in region '" STR_FMT "'",
            STR_ARG(image->value), STR_ARG(needed));
        diag_hint(
            diags, diag,
            "SageMaker pulls an image from its own region: write {region} where it differs, and "
            "replicate the repository");
        return;
    }
}

/* "arn:aws:kms:us-east-1:123456789012:key/...": an alias or an id alone is looked up in the region.
 */
static void check_key(struct diags *diags, const struct spec *spec, const struct spec_str *key)
{
    struct str rest = key->value, region = STR_NULL;
    if (!str_starts(rest, STR("arn:")))
        return;
    for (int i = 0; i < 4; i++)
        (void) str_split(&rest, ':', &region);
    /* A spec of one region may leave it to the environment. */
    const struct spec_str *regions = spec->n_regions > 0 ? spec->regions : &spec->region;
    size_t count = spec->n_regions > 0 || str_is_null(spec->region.value) ? spec->n_regions : 1;
    for (size_t i = 0; i < count; i++) {
        if (str_eq(region, regions[i].value))
            continue;
        struct diag *diag = diags_error(
            diags, key->at, "key '" STR_FMT "' is not in region '" STR_FMT "'", STR_ARG(key->value),
            STR_ARG(regions[i].value));
        diag_hint(diags, diag, "an alias is looked up in each region: 'alias/NAME'");
        return;
    }
}

/* What belongs to one region and cannot be in several. */
static void check_places(struct diags *diags, const struct spec *spec)
{
    const struct spec_endpoint *endpoint = &spec->endpoint;
    const struct spec_str *destination = &endpoint->capture.destination;
    check_key(diags, spec, &spec->kms_key);
    check_key(diags, spec, &endpoint->kms_key);
    check_key(diags, spec, &endpoint->capture.kms_key);
    if (spec->n_regions < 2)
        return;
    if (!str_is_null(destination->value) && !template_has(destination->value, STR("region"))) {
        struct diag *diag = diags_error(
            diags, destination->at, "'" STR_FMT "' can be in one region only",
            STR_ARG(destination->value));
        diag_hint(
            diags, diag, "SageMaker writes to a bucket of its own region: write {region} in it");
    }
    if (endpoint->vpc.n_subnets > 0) {
        struct diag *diag = diags_error(
            diags, endpoint->vpc.subnets[0].at, "subnets belong to one region, the spec has %zu",
            spec->n_regions);
        diag_hint(diags, diag, "give each region a spec of its own, or leave 'vpc' out");
    }
}

static void check_bucket(struct arena *arena, struct diags *diags, const struct spec *spec)
{
    struct str bucket = spec->bucket.value;
    if (str_is_null(bucket) || diags_has_error(diags, spec->bucket.at))
        return;
    struct diag *diag = NULL;
    if (spec->n_regions > 1 && !template_has(bucket, STR("region"))) {
        diag = diags_error(
            diags, spec->bucket.at, "bucket '" STR_FMT "' can be in one region only",
            STR_ARG(bucket));
        diag_hint(
            diags, diag,
            "write {region} in its name, or leave it out for sagemaker-<region>-<account>");
    }
    for (size_t i = 0; diag == NULL && i < spec->n_regions; i++) {
        struct str filled = fill_place(arena, bucket, spec->regions[i].value);
        if (filled.len <= BUCKET_MAX)
            continue;
        diag = diags_error(
            diags, spec->bucket.at, "'" STR_FMT "' is too long for a bucket: %zu characters",
            STR_ARG(filled), filled.len);
        diag_hint(diags, diag, "S3 takes up to %d", BUCKET_MAX);
    }
}

static void check_empty(struct arena *arena, struct diags *diags, const struct spec *spec)
{
    for (size_t i = 0; spec->n_models + spec->n_sets > 0 && i < spec->n_regions; i++) {
        struct spec part = {.region = spec->regions[i]};
        take_models(arena, spec, &part);
        if (part.n_models + part.n_sets > 0)
            continue;
        struct diag *diag = diags_error(
            diags, spec->regions[i].at, "no model is left for region '" STR_FMT "'",
            STR_ARG(spec->regions[i].value));
        diag_hint(diags, diag, "take the region out, or name it in the 'regions' of a model");
    }
}

void spec_check_regions(struct arena *arena, struct diags *diags, const struct spec *spec)
{
    if (spec->n_regions > 0 && !str_is_null(spec->region.value)) {
        struct diag *diag =
            diags_error(diags, spec->region.at, "a spec has either 'region' or 'regions'");
        diag_hint(diags, diag, "keep one of the two");
    }
    check_list(arena, diags, spec->regions, spec->n_regions);
    for (size_t i = 0; i < spec->n_models; i++)
        if (spec->models[i].set == NULL)
            check_filter(arena, diags, spec, spec->models[i].regions, spec->models[i].n_regions);
    for (size_t i = 0; i < spec->n_sets; i++)
        check_filter(arena, diags, spec, spec->sets[i].regions, spec->sets[i].n_regions);
    check_partition(diags, spec);
    check_bucket(arena, diags, spec);
    check_places(diags, spec);
    check_image(diags, spec, &spec->training.image);
    check_image(diags, spec, &spec->endpoint.image);
    for (size_t i = 0; i < spec->endpoint.n_containers; i++)
        check_image(diags, spec, &spec->endpoint.containers[i].image);
    check_empty(arena, diags, spec);
}

/* ---- stacks ---- */

struct specs {
    struct spec **items;
    size_t len, cap;
};

/* --region names one of the list; what takes stacks down may also name one that was taken out. */
static void narrow(
    struct arena *arena,
    struct diags *diags,
    const struct spec_options *options,
    const struct spec *whole,
    struct specs *specs)
{
    const struct spec_str *listed = find_region(whole->regions, whole->n_regions, options->region);
    struct spec_str region =
        listed != NULL ? *listed : (struct spec_str){options->region, {"--region", 0, 0}};
    if (listed == NULL && !options->any_region) {
        struct diag *diag = diags_error(
            diags, whole->regions[0].at, "region '" STR_FMT "' of --region is not in 'regions'",
            STR_ARG(options->region));
        diag_hint(
            diags, diag,
            "the spec is for " STR_FMT "; a stack that was left in another region is removed by "
            "'mmectl destroy --region " STR_FMT "'",
            STR_ARG(region_list(arena, whole)), STR_ARG(options->region));
    }
    *VEC_PUSH(arena, specs) = of_region(arena, diags, whole, region);
}

void spec_regions_expand(
    struct arena *arena,
    struct diags *diags,
    const struct spec_options *options,
    struct spec *spec,
    struct spec_list *ret_specs)
{
    struct specs specs = {0};
    if (spec->n_regions == 0) {
        fill_places(arena, spec);
        *VEC_PUSH(arena, &specs) = spec;
    } else if (!str_is_null(options->region)) {
        narrow(arena, diags, options, spec, &specs);
    } else {
        for (size_t i = 0; i < spec->n_regions; i++)
            if (find_region(spec->regions, i, spec->regions[i].value) == NULL)
                *VEC_PUSH(arena, &specs) = of_region(arena, diags, spec, spec->regions[i]);
    }
    *ret_specs = (struct spec_list){specs.items, specs.len};
}
