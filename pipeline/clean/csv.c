#include "pipeline/clean/csv.h"

void csv_put(struct buf *out, struct str field)
{
    bool quote = field.n == 0;
    for (size_t i = 0; i < field.n && !quote; i++)
        quote = field.p[i] == ',' || field.p[i] == '"' || field.p[i] == '\r' || field.p[i] == '\n';
    if (!quote) {
        buf_str_add(out, field);
        return;
    }
    buf_c(out, '"');
    for (struct str rest = field; rest.n;) {
        size_t at = str_chr(rest, '"');
        buf_str_add(out, str_head(rest, at == STR_NONE ? rest.n : at + 1));
        if (at == STR_NONE)
            break;
        buf_c(out, '"');
        rest = str_from(rest, at + 1);
    }
    buf_c(out, '"');
}
