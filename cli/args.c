/* args.c - the values a command line gave. */
#include "cli/command.h"

const char *args_text(const struct args *a, const char *name)
{
    for (size_t i = a->n_values; i-- > 0;)
        if (strcmp(a->values[i].option->name, name) == 0)
            return a->values[i].value;
    const struct option *o = args_option(a->command, str_of(name));
    return o ? o->otherwise : NULL;
}

bool args_given(const struct args *a, const char *name)
{
    for (size_t i = 0; i < a->n_values; i++)
        if (strcmp(a->values[i].option->name, name) == 0)
            return true;
    return false;
}

bool args_on(const struct args *a, const char *name)
{
    const char *v = args_text(a, name);
    return v && strcmp(v, "on") == 0;
}

int args_number(const struct args *a, const char *name, int64_t low, int64_t high, int64_t *ret, struct err *e)
{
    const char *text = args_text(a, name);
    int64_t v;
    if (!text)
        return 0;
    if (!str_to_i64(str_of(text), &v) || v < low || v > high)
        return err_set(e, 0, "USAGE", "--%s '%s': must be a whole number from %lld to %lld", name, text, (long long)low, (long long)high);
    *ret = v;
    return 0;
}

int args_real(const struct args *a, const char *name, double *ret, struct err *e)
{
    const char *text = args_text(a, name);
    if (text && (!str_to_double(str_of(text), ret) || *ret < 0))
        return err_set(e, 0, "USAGE", "--%s '%s': must be a number, 0 or more", name, text);
    return 0;
}
