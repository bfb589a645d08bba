/* redact.c - one row a word that announces a secret. What follows it, behind blanks and "=", is overwritten up to where such a
 * value ends. */
#include "mocks/cloud/redact.h"

#include <ctype.h>
#include <strings.h>

/* Where a value of that kind ends. A quoted one ends with its quote. */
#define IN_QUERY "&;, \t\r\n\"'<>"
#define IN_HEADER ",\r\n\""

static const struct {
    const char *word, *ends;
} secrets[] = {
    { "X-Amz-Signature", IN_QUERY },       { "X-Amz-Credential", IN_QUERY },  { "X-Amz-Security-Token", IN_HEADER "&; " },
    { "AWSAccessKeyId", IN_QUERY },        { "Signature", IN_QUERY },         { "Credential", IN_QUERY },
    { "Authorization", IN_HEADER },        { "x-api-key", IN_HEADER "&; " },  { "secret_access_key", IN_QUERY },
    { "SecretAccessKey", IN_QUERY },       { "IDENTIFIED BY", IN_QUERY },     { "IDENTIFIED WITH", "\r\n" },
    { "PASSWORD FOR", "\r\n" },            { "PASSWORD", IN_QUERY ")" },      { "PWD", IN_QUERY },
};

/* The end of the value at p. */
static char *end_of(char *p, const char *ends)
{
    if (*p == '\'' || *p == '"') {
        char quote = *p++;
        while (*p && *p != quote)
            p += *p == '\\' && p[1] ? 2 : 1;
        return *p ? p + 1 : p;
    }
    return p + strcspn(p, ends);
}

void redact_text(char *text)
{
    if (!text[strcspn(text, "=:( ")]) /* all words end in one of these: most resources have none */
        return;
    for (char *p = text; *p; p++)
        for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
            size_t n = strlen(secrets[i].word);
            if (tolower((unsigned char)*p) != tolower((unsigned char)secrets[i].word[0]) || strncasecmp(p, secrets[i].word, n) != 0)
                continue;
            char *from = p + n + strspn(p + n, " =:(");
            if (from == p + n) /* the beginning of another word */
                continue;
            for (char *end = end_of(from, secrets[i].ends); from < end; from++)
                *from = '*';
        }
}
