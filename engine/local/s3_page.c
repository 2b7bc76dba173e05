#include "engine/local/s3_page.h"

enum { PAGE = 1000 };

bool s3_page_size(struct local_call *call, const char *param, size_t *ret_size)
{
    uint64_t max = PAGE;
    struct str text = call_param(call, param);
    if (!str_is_empty(text) && !str_to_u64(text, &max)) {
        const char *range = strcmp(param, "max-keys") == 0 ? "range" : "integer range";
        call_fail(
            call, 400, "InvalidArgument", "Provided %s not an integer or within %s", param, range);
        return false;
    }
    *ret_size = max < PAGE ? (size_t) max : PAGE;
    return true;
}

bool s3_page_begin(struct local_call *call, struct s3_page *page, const char *max_param)
{
    *page = (struct s3_page){
        .prefix = call_param(call, "prefix"),
        .delimiter = call_param(call, "delimiter"),
        .encode = !str_is_empty(call_param(call, "encoding-type")),
    };
    buf_init(&page->entries, MIB(16));
    buf_init(&page->groups, MIB(16));
    return s3_check_bucket(call) && s3_page_size(call, max_param, &page->max);
}

struct str s3_page_group(const struct s3_page *page, struct str key)
{
    if (page->delimiter.len == 0)
        return STR_NULL;
    size_t mark = str_find(str_from_index(key, page->prefix.len), page->delimiter);
    return mark == SIZE_MAX ? STR_NULL
                            : str_slice(key, 0, page->prefix.len + mark + page->delimiter.len);
}

bool s3_page_take(struct s3_page *page, struct str key, struct str id)
{
    page->full = page->count == page->max;
    if (page->full)
        return false;
    page->count++;
    page->last = key;
    page->last_id = id;
    return true;
}

void s3_page_text(
    struct local_call *call,
    const struct s3_page *page,
    struct buf *xml,
    const char *name,
    struct str text)
{
    xml_element(xml, name, page->encode ? uri_encoded(call->arena, text, true) : text);
}

void s3_page_add_group(struct local_call *call, struct s3_page *page, struct str group)
{
    buf_add_z(&page->groups, "<CommonPrefixes>");
    s3_page_text(call, page, &page->groups, "Prefix", group);
    buf_add_z(&page->groups, "</CommonPrefixes>");
}

void s3_page_terms(struct local_call *call, const struct s3_page *page, struct buf *xml)
{
    if (page->delimiter.len > 0)
        s3_page_text(call, page, xml, "Delimiter", page->delimiter);
    if (page->encode)
        xml_element(xml, "EncodingType", STR("url"));
}

void s3_page_finish(struct s3_page *page, struct buf *xml)
{
    buf_add(xml, buf_str(&page->entries));
    buf_add(xml, buf_str(&page->groups));
    buf_done(&page->entries);
    buf_done(&page->groups);
}
