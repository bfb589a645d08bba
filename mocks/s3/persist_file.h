/* persist_file.h - inside persist*.c: the file behind a log. */
#ifndef MOCKS_S3_PERSIST_FILE_H
#define MOCKS_S3_PERSIST_FILE_H

#include "mocks/s3/persist.h"

enum { PERSIST_HEADER = 24 };

struct persist {
    int fd;
    char *path;
    bool fsync_each;
    uint64_t size; /* bytes of whole records */
};

struct persist *persist_file_open(const char *dir, struct str bucket, const char *suffix, int flags, bool fsync_each,
                                  struct err *e);
int persist_file_bucket(struct persist *p, const struct bucket *b);
uint32_t persist_file_crc(const uint8_t header[PERSIST_HEADER], struct str head, struct str data);

#endif
