/* What a delivery came to, for people; and AWS's part of the environment. */
#ifndef FIRN_CLI_DELIVERY_H
#define FIRN_CLI_DELIVERY_H

#include "deliver/credentials.h"
#include "run/load.h"

/* A line or two; nothing where nothing waited. */
void delivery_tell(const struct load_delivery *, struct buf *out);
bool delivery_is_whole(const struct load_delivery *); /* nothing is left, nothing set aside */

/* The texts live as long as the environment. */
struct credentials_environment cli_aws_environment(void);

#endif
