/* control_nouns.h - the nouns of the control plane: where they lie, what is said when they are missing, what may be
 * patched. Included by control.c alone. Sentences and operations as recorded on AWS.
 */
static const struct patch_path paths_of_deployment[] = { { "/description", "+=-", 's', NULL }, { NULL, NULL, 0, NULL } };
static const struct noun noun_deployment = { .collection = "deployments", .missing = "Invalid Deployment identifier specified", .paths = paths_of_deployment };

static const struct patch_path paths_of_stage[] = {
    { "/deploymentId", "+=", 's', NULL }, { "/description", "+=-", 's', NULL }, { "/cacheClusterEnabled", "+=", 'b', NULL },
    { "/cacheClusterSize", "+=-", 'e', NULL }, { "/clientCertificateId", "+=-", 'e', NULL }, { "/documentationVersion", "+=-", 'e', NULL },
    { "/tracingEnabled", "+=", 'b', NULL }, { "/variables/*", "+=-", 'm', NULL }, { "/variables", "-", 's', NULL }, { "/webAclArn", "+=-", 'e', NULL },
    { NULL, NULL, 0, NULL } };
static const struct noun noun_stage = { .collection = "stages", .missing = "Invalid stage identifier specified", .paths = paths_of_stage,
    .changed = control_stage_changed, .check = control_stage_check, .step = control_stage_step };

static const struct patch_path paths_of_model[] = { { "/description", "=", 'e', NULL }, { "/schema", "=", 's', NULL }, { NULL, NULL, 0, NULL } };
static const struct noun noun_model = { .collection = "models", .missing = "Invalid model name specified: ", .paths = paths_of_model,
    .manner = PATCH_LISTS, .hides_api = true, .check = control_model_check };

static const struct patch_path paths_of_validator[] = { { "/name", "=", 's', NULL }, { "/validateRequestParameters", "=", 'b', NULL },
    { "/validateRequestBody", "=", 'b', NULL }, { NULL, NULL, 0, NULL } };
static const struct noun noun_validator = { .collection = "requestvalidators", .missing = "Invalid Request Validator identifier specified",
    .paths = paths_of_validator, .manner = PATCH_LISTS, .hides_api = true, .check = control_validator_check };

static const struct patch_path paths_of_gateway_response[] = { { "/statusCode", "=", 's', NULL },
    { "/responseParameters/*", "+=-", 'm', "Invalid parameter name specified" },
    { "/responseTemplates/*", "+=-", 'm', "Content-Type specified was not found" }, { NULL, NULL, 0, NULL } };
static const struct noun noun_gateway_response = { .collection = "gatewayresponses", .missing = "Gateway response type not defined on api",
    .paths = paths_of_gateway_response, .manner = PATCH_NAMES };

static const struct patch_path paths_of_part[] = { { "/properties", "=", 's', NULL }, { NULL, NULL, 0, NULL } };
static const struct noun noun_part = { .collection = "documentationparts", .missing = "Invalid Documentation part identifier specified",
    .paths = paths_of_part, .manner = PATCH_LISTS, .hides_api = true };
static const struct noun noun_deleted_part = { .collection = "documentationparts", .missing = "Invalid Documentation part identifier specified" };
static const struct patch_path paths_of_version[] = { { "/description", "+=-", 's', NULL }, { NULL, NULL, 0, NULL } };
static const struct noun noun_version = { .collection = "documentationversions", .missing = "Invalid Documentation version specified",
    .paths = paths_of_version };

static const struct patch_path paths_of_authorizer[] = {
    { "/name", "=", 's', NULL }, { "/type", "=", 's', NULL }, { "/authorizerUri", "=", 's', NULL }, { "/authorizerCredentials", "=", 'e', NULL },
    { "/authType", "=", 's', NULL }, { "/identitySource", "=", 's', NULL }, { "/identityValidationExpression", "=", 'e', NULL },
    { "/authorizerResultTtlInSeconds", "=", 'n', NULL }, { "/providerARNs", "+-", 'v', NULL }, { NULL, NULL, 0, NULL } };
static const struct noun noun_authorizer = { .collection = "authorizers", .missing = "Invalid Authorizer identifier specified",
    .paths = paths_of_authorizer, .hides_api = true };

static const struct patch_path paths_of_key[] = { { "/description", "=", 's', NULL }, { "/enabled", "=", 'b', NULL }, { "/name", "=", 's', NULL },
    { "/customerId", "=", 's', NULL }, { "/stages", "+-", 'v', NULL }, { NULL, NULL, 0, NULL } };
static const struct noun noun_key = { .collection = "keys", .missing = "Invalid API Key identifier specified", .account = true, .paths = paths_of_key,
    .manner = PATCH_LISTS, .check = control_key_check };

static const struct patch_path paths_of_plan[] = {
    { "/name", "+=", 's', NULL }, { "/description", "+=-", 's', NULL }, { "/productCode", "+=-", 's', NULL }, { "/throttle", "-", 's', NULL },
    { "/throttle/rateLimit", "+=", 'n', NULL }, { "/throttle/burstLimit", "+=", 'n', NULL }, { "/quota", "-", 's', NULL },
    { "/quota/limit", "+=", 'n', NULL }, { "/quota/offset", "+=", 'n', NULL }, { "/quota/period", "+=", 's', NULL }, { NULL, NULL, 0, NULL } };
static const struct noun noun_plan = { .collection = "plans", .missing = "Invalid Usage Plan ID specified", .account = true, .paths = paths_of_plan,
    .check = control_plan_check, .step = control_plan_step };

static const struct patch_path paths_of_link[] = { { "/name", "=", 's', NULL }, { "/description", "+=-", 's', NULL }, { NULL, NULL, 0, NULL } };
static const struct noun noun_link = { .collection = "links", .missing = "Invalid Vpc Link identifier specified", .account = true, .paths = paths_of_link };
