/* log.h - one key=value line on stderr. Only dispatch and main programs log; libraries return errors. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
