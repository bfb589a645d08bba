/* kafka_error.c - error codes and their names. */
#include "mocks/kafka/kafka_error.h"

static const struct {
    const char *name;
    int number;
} errors[] = {
#define KAFKA_ERROR_ROW(name, number) { #name, number },
    KAFKA_ERRORS(KAFKA_ERROR_ROW)
#undef KAFKA_ERROR_ROW
};
enum { N_ERRORS = sizeof errors / sizeof *errors };

const char *kafka_error_name(int number)
{
    for (size_t i = 0; i < N_ERRORS; i++)
        if (errors[i].number == number)
            return errors[i].name;
    return errors[0].name;
}

int kafka_error_of(struct str name)
{
    int64_t number = 0;
    bool is_number = str_to_i64(name, &number);
    for (size_t i = 0; i < N_ERRORS; i++)
        if (is_number ? errors[i].number == number : str_eq_nocase(name, str_of(errors[i].name)))
            return errors[i].number;
    return KAFKA_UNKNOWN_SERVER_ERROR;
}
