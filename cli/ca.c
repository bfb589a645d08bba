/* ca.c - weirbox ca path|trust: the local CA, made when it is not there. */
#include <stdio.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/host.h"

/* What makes each trust store believe it; printed, never run: these change the machine. */
static const struct {
    const char *where, *command;
} stores[] = {
    { "this machine (Debian, Ubuntu)", "sudo cp '%s' /usr/local/share/ca-certificates/weirbox.crt && sudo update-ca-certificates" },
    { "this machine (Fedora, RHEL)", "sudo cp '%s' /etc/pki/ca-trust/source/anchors/weirbox.pem && sudo update-ca-trust" },
    { "this machine (macOS)", "security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db '%s'" },
    { "Chromium and Firefox (NSS)", "certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n weirbox -i '%s'" },
    { "Java", "keytool -importcert -noprompt -cacerts -storepass changeit -alias weirbox -file '%s'" },
    { "Python, Node, curl, AWS SDKs", "nothing: weirbox exec and weirbox env set their variables (%s)" },
};

static int path(struct args *a, const char **ret, struct err *e)
{
    struct tls *tls = tls_open(host_ca_dir(a), e);
    if (!tls)
        return -1;
    *ret = arena_z(&a->arena, str_of(tls_ca_path(tls)));
    tls_close(tls);
    return 0;
}

int ca_command_path(struct args *a, struct err *e)
{
    const char *at;
    if (path(a, &at, e))
        return -1;
    struct buf out = BUF_INIT;
    if (args_on(a, "json")) {
        buf_z(&out, "{\"schema\":1,\"command\":\"ca path\",\"status\":\"ok\",\"data\":{\"path\":");
        json_put_text(&out, str_of(at));
        buf_z(&out, "}}\n");
    } else {
        buf_f(&out, "%s\n", at);
    }
    fwrite(out.p, 1, out.n, stdout);
    buf_release(&out);
    return EXIT_OK;
}

int ca_command_trust(struct args *a, struct err *e)
{
    const char *at;
    if (path(a, &at, e))
        return -1;
    printf("The CA of this user is %s. To be trusted by\n", at);
    for (size_t i = 0; i < sizeof stores / sizeof *stores; i++) {
        const char *mark = strstr(stores[i].command, "%s");
        printf("  %s\n      %.*s%s%s\n", stores[i].where, (int)(mark - stores[i].command), stores[i].command, at, mark + 2);
    }
    return EXIT_OK;
}
