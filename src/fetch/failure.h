/* Why an exchange failed, told to a person: what was asked, what failed and where, and what to do
 * about it. Knows no library: http.c says which of these it was. */
#ifndef FIRN_FETCH_FAILURE_H
#define FIRN_FETCH_FAILURE_H

#include "fetch/http.h"

enum failure_reason {
	FAILURE_NONE,
	FAILURE_NAME,
	FAILURE_CONNECT,
	FAILURE_CONNECT_SLOW,
	FAILURE_HANDSHAKE,
	FAILURE_PROXY_UNUSABLE, /* unknown name, bad address */
	FAILURE_PROXY_PASSWORD,
	FAILURE_PROXY_REFUSED,
	FAILURE_CERTIFICATE_ISSUER,
	FAILURE_CERTIFICATE_HOST,
	FAILURE_CERTIFICATE_TIME,
	FAILURE_CERTIFICATE_OTHER,
	FAILURE_CERTIFICATE_PROXY,
	FAILURE_CA_FILE,
	FAILURE_SILENT,
	FAILURE_NOTHING,
	FAILURE_TORN,
	FAILURE_BROKEN,
	FAILURE_COMPRESSION,
	FAILURE_NOT_HTTP,
	FAILURE_BODY_SIZE,
	FAILURE_HEADER_SIZE,
	FAILURE_MEMORY,
	FAILURE_OPTIONS,
	FAILURE_REASONS_N
};

struct failure {
	enum failure_reason reason;
	const char *shown; /* the request, without secrets; an address is told up to its query;
			    * NULL: unknown */
	const char *host;  /* with its port */
	const char *proxy; /* likewise, without its password; NULL: none, or unknown */
	const char *words; /* libcurl's own; shown only where they cannot repeat a secret */
	int proxy_status;  /* what the proxy answered, or 0 */
	int system_error;  /* errno, or 0 */
	const struct http_options *limits;
};

/* Of OpenSSL's numbers for what it found first in a chain (0: nothing), a proxy's and the
 * server's. */
enum failure_reason failure_of_certificate(int64_t proxy_found, int64_t found);
/* Fills `end` and `why`; the answer's bytes are freed and its status is 0. */
void failure_settle(const struct failure *failure, struct response *answer);

#endif
