/* redact.c - one row a word that announces a secret. What follows it, behind blanks and "=", is overwritten up to where such a
 * value ends. */
#include "mocks/cloud/redact.h"

#include <ctype.h>
#include <strings.h>

/* Where a value of that kind ends. Of a statement nothing is let through that follows the word. */
#define IN_QUERY "&;, \t\r\n\"'<>"
#define IN_HEADER ",\r\n\""
#define IN_SQL ""

/* What stands between word and value: in requests always one of "=:", in SQL perhaps only a blank. */
#define BY_SIGN "=:"
#define BY_BLANK " =("

static const struct {
    const char *word, *by, *ends;
} secrets[] = {
    { "X-Amz-Signature", BY_SIGN, IN_QUERY },  { "X-Amz-Credential", BY_SIGN, IN_QUERY },  { "X-Amz-Security-Token", BY_SIGN, IN_QUERY },
    { "AWSAccessKeyId", BY_SIGN, IN_QUERY },   { "Signature", BY_SIGN, IN_QUERY },         { "Credential", BY_SIGN, IN_QUERY },
    { "Authorization", BY_SIGN, IN_HEADER },   { "x-api-key", BY_SIGN, IN_QUERY },         { "secret_access_key", BY_SIGN, IN_QUERY },
    { "SecretAccessKey", BY_SIGN, IN_QUERY },  { "IDENTIFIED BY", BY_BLANK, IN_SQL },    { "IDENTIFIED WITH", BY_BLANK, IN_SQL },
    { "PASSWORD", BY_BLANK, IN_SQL },          { "PWD", BY_SIGN, IN_QUERY },
};

/* The end of what is to be overwritten from *from on, when the text at p announces a secret; else NULL. */
static char *announced(char *p, char **from)
{
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        size_t n = strlen(secrets[i].word);
        if (tolower((unsigned char)*p) != tolower((unsigned char)secrets[i].word[0]) || strncasecmp(p, secrets[i].word, n) != 0)
            continue;
        size_t blanks = strspn(p + n, " ");
        if (!strchr(secrets[i].by, p[n]) && !strchr(secrets[i].by, p[n + blanks])) /* the beginning of another word */
            continue;
        *from = p + n + strspn(p + n, " =:(");
        return *from + strcspn(*from, secrets[i].ends);
    }
    return NULL;
}

void redact_text(char *text)
{
    if (!text[strcspn(text, "=:( ")]) /* all that is looked for is followed by one of these: most resources have none */
        return;
    for (char *p = text, *from, *end; *p; p++) {
        if ((p > text && isalnum((unsigned char)p[-1])) || !(end = announced(p, &from)))
            continue;
        while (from < end)
            *from++ = '*';
        p = end - 1;
    }
}
