/* rest.h - inside apigw: the APIs there are, what of them is deployed, and the keys and usage plans of the accounts.
 *
 * One lock: the control plane writes under it, a call of the data plane takes its stage under it and goes on without.
 * A deployment is a model that nobody changes any more; a stage as calls see it (struct rest_live) is replaced whole
 * when it is changed, and freed when its last call is over.
 */
#ifndef MOCKS_APIGW_REST_H
#define MOCKS_APIGW_REST_H

#include <pthread.h>

#include "mocks/apigw/define.h"

/* A token bucket and a quota. rate < 0: no limit. */
struct rest_meter {
    double tokens;
    int64_t at_ms;
    int64_t used, period; /* of the quota: calls in the day, week or month of that number */
    bool started;
};
struct rest_throttle {
    struct str verb, path; /* "*" = all */
    double rate, burst;
    struct rest_meter meter;
    struct rest_throttle *next;
};

struct rest_live {
    _Atomic int users;
    struct arena arena;
    struct model_api *api; /* a share of it */
    struct str stage, deployment, account;
    struct vtl_value variables;
    struct rest_throttle *throttles;
    struct rest_live *canary; /* takes percent of the calls; NULL = there is none */
    double percent;
    bool is_canary;
};

struct rest_api {
    struct str id, account; /* of arena */
    struct arena arena;
    cJSON *definition;
    struct map deployed; /* deployment id -> struct model_api */
    struct map stages;   /* name -> struct rest_live */
    struct rest_live *any; /* of the API given as a document: every stage name */
    uint64_t deployed_at;  /* counts deployments; the newest is the greatest */
};

/* What an account has besides its APIs, as the control plane shows it. */
struct rest_account {
    cJSON *settings, *keys, *plans, *links, *plan_keys; /* by id; plan_keys: by plan, then by key */
};

struct rest {
    struct cloud *cloud;
    pthread_rwlock_t lock;
    pthread_mutex_t meter_lock;
    struct map apis;     /* id -> struct rest_api */
    struct map accounts; /* account -> struct rest_account */
    struct map meters;   /* "plan/key" -> struct rest_meter */
    struct rest_api *imported;
    struct define_ids ids;
    uint64_t deployments;
};

struct rest *rest_open(struct cloud *cloud);
void rest_close(struct rest *r);
/* The API of the document: every stage name leads to it. Takes model over. */
void rest_import(struct rest *r, struct model_api *model);
/* Everything but the imported API goes. */
void rest_reset(struct rest *r);

/* Takes the definition over. */
struct rest_api *rest_add(struct rest *r, struct str id, struct str account, cJSON *definition);
void rest_remove(struct rest *r, struct rest_api *api);
struct rest_account *rest_account(struct rest *r, struct str account);
/* A frozen copy of the API as it is now, kept under the deployment's id. */
int rest_deploy(struct rest *r, struct rest_api *api, const char *deployment, struct err *e);
/* Makes the stage of the definition what calls see. */
void rest_stage(struct rest *r, struct rest_api *api, const cJSON *stage);
void rest_unstage(struct rest_api *api, const char *stage);

/* The stage a call means, one use of it taken; NULL when there is none. api n == 0: the call named none. */
struct rest_live *rest_find(struct rest *r, struct str api, struct str stage, bool *ret_api_known);
/* A stage of its own for one call: the API as it is being edited. */
struct rest_live *rest_draft(struct rest_api *api, const cJSON *variables, struct err *e);
void rest_leave(struct rest_live *live);

/* May one more call go? Takes a token. */
bool rest_token(struct rest *r, struct rest_meter *m, double rate, double burst);
struct rest_meter *rest_meter(struct rest *r, struct str key);

#endif
