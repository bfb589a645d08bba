/* sts.h - AWS STS: who am I, and temporary keys.
 *
 * The first call of most scripts and of many tools (`aws sts get-caller-identity`, Terraform, MSK and Spark helpers). Query
 * protocol, version 2011-06-15, in XML. Temporary keys are taken by every service of the cloud; that they expire is told, not
 * enforced, and no policy is looked at. https://docs.aws.amazon.com/STS/latest/APIReference/
 */
#ifndef MOCKS_STS_STS_H
#define MOCKS_STS_STS_H

#include "mocks/cloud/service.h"

extern const struct service sts_service;

#endif
