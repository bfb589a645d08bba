/* access.c - GetBucketAcl and GetObjectAcl: the owner has full control, as with ACLs disabled (the default since
 * April 2023). Kafka Connect and s3cmd ask for them to see whether a bucket is there. */
#include "mocks/s3/actions.h"
#include "mocks/s3/objects.h"

static int answer(struct call *c)
{
    struct str owner = str_of(s3call_of(c)->bucket->owner);
    struct buf *out = s3call_xml(c, "AccessControlPolicy");
    s3call_owner(out, "Owner", owner);
    buf_z(out, "<AccessControlList><Grant>");
    s3call_owner(out, "Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"", owner);
    buf_z(out, "<Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>");
    return 0;
}

int access_bucket_acl(struct call *c) { return s3call_bucket(c) ? -1 : answer(c); }

int access_object_acl(struct call *c)
{
    struct version *v = NULL;
    struct s3call *s = s3call_of(c);
    if (s3call_bucket(c))
        return -1;
    enum store_result found = store_object_get(s->bucket, s->key, s3call_query(c, "versionId"), &v);
    int result = found == STORE_OK ? answer(c) : objects_absent(c, found, v);
    if (result == 0)
        s3call_version_header(c, v, s->bucket);
    store_version_unref(v);
    return result;
}
