/* A Snowflake account's identifier, in any form that people paste.
 *
 *	myorg-myaccount                                   MYORG-MYACCOUNT
 *	MYORG.MYACCOUNT                                   the same, as Snowsight copies it
 *	https://myorg-myaccount.snowflakecomputing.com/   the same
 *	https://app.snowflake.com/myorg/myaccount/#/data  the same
 *	xy12345.eu-north-1.aws                            a locator with its region and cloud
 *	myorg-myaccount.privatelink                       by a private link
 *
 * The name is what a key-pair token is issued for: upper case, of a locator without the region
 * (Snowflake, "SQL API: authenticating"). The host is what is connected to. */
#ifndef FIRN_WAREHOUSE_ACCOUNT_H
#define FIRN_WAREHOUSE_ACCOUNT_H

#include "base/err.h"

enum { ACCOUNT_BYTES = 256 };

struct account {
	char name[ACCOUNT_BYTES];
	char host[ACCOUNT_BYTES];
};

/* ERR_USAGE: it is none of them. */
MUST_CHECK bool account_parse(const char *given, struct account *ret, struct err *reterr);

#endif
