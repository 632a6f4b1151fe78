#include "fetch/failure.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

enum { SHOWN_BYTES_MAX = 300 }; /* of each part of a message */

#define THE_CA_FILE "name the file of its certificates: http: { ca_file: ... }"

#define REFUSED(kind) EXCHANGE_REFUSED, kind
#define UNTRUSTED EXCHANGE_UNTRUSTED, ERR_REMOTE
#define BROKEN EXCHANGE_BROKEN, ERR_TRANSIENT

static const struct telling {
	enum exchange_end end;
	enum err_kind kind;
	bool worded;      /* libcurl's own words hold no more than hosts, and what TLS said */
	const char *what; /* the place follows, then what is known more closely */
	const char *remedy;
} TELLINGS[FAILURE_REASONS_N] = {
	[FAILURE_NAME] = {REFUSED(ERR_TRANSIENT), false, "cannot find the host",
			  "check the URL, and this machine's name service"},
	[FAILURE_CONNECT] = {REFUSED(ERR_TRANSIENT), false, "cannot connect to", NULL},
	[FAILURE_CONNECT_SLOW] = {REFUSED(ERR_TRANSIENT), false, "cannot connect in time to",
				  "a firewall may be in between, or a proxy be needed: "
				  "http: { proxy: ... }"},
	[FAILURE_HANDSHAKE] = {REFUSED(ERR_TRANSIENT), true, "cannot begin TLS with",
			       "check that this port speaks https; if a proxy or an authority of "
			       "your own signs here, " THE_CA_FILE},
	[FAILURE_PROXY_UNUSABLE] = {REFUSED(ERR_TRANSIENT), false, "cannot use the proxy",
				    "correct http: { proxy: ... }, or https_proxy in the "
				    "environment"},
	[FAILURE_PROXY_PASSWORD] = {REFUSED(ERR_AUTH), false,
				    "a user name and a password are wanted by the proxy",
				    "correct http: { proxy: http://USER:PASSWORD@HOST:PORT }, or "
				    "https_proxy in the environment"},
	[FAILURE_PROXY_REFUSED] = {REFUSED(ERR_TRANSIENT), false,
				   "the way to the server was refused by the proxy", NULL},
	[FAILURE_CERTIFICATE_ISSUER] = {UNTRUSTED, true, "nobody trusted signed the certificate of",
					"if a proxy or an authority of your own signs here, "
					THE_CA_FILE},
	[FAILURE_CERTIFICATE_HOST] = {UNTRUSTED, true, "the certificate is for another host than",
				      "correct the host in the URL; if a proxy opens TLS here, "
				      THE_CA_FILE},
	[FAILURE_CERTIFICATE_TIME] = {UNTRUSTED, true, "out of date is the certificate of",
				      "check this machine's clock; else the server's owner must "
				      "renew it"},
	[FAILURE_CERTIFICATE_OTHER] = {UNTRUSTED, true, "TLS does not accept the certificate of",
				       "if a proxy or an authority of your own signs here, "
				       THE_CA_FILE},
	[FAILURE_CERTIFICATE_PROXY] = {UNTRUSTED, true,
				       "TLS does not accept the certificate of the proxy",
				       THE_CA_FILE},
	[FAILURE_CA_FILE] = {EXCHANGE_UNUSABLE, ERR_USAGE, false,
			     "cannot read the trusted certificates of",
			     "correct http: { ca_file: ... }, a file in PEM form"},
	[FAILURE_SILENT] = {BROKEN, false, "gave up waiting for", NULL},
	[FAILURE_NOTHING] = {BROKEN, false, "the connection ended without an answer from", NULL},
	[FAILURE_TORN] = {BROKEN, true, "the answer broke off from", NULL},
	[FAILURE_BROKEN] = {BROKEN, true, "the connection broke to", NULL},
	[FAILURE_COMPRESSION] = {BROKEN, true, "a damaged compressed answer came from", NULL},
	[FAILURE_NOT_HTTP] = {BROKEN, true, "no HTTP answer is what came from",
			      "check the URL's port"},
	[FAILURE_BODY_SIZE] = {EXCHANGE_TOO_LARGE, ERR_REMOTE, false, "too large an answer from",
			       "ask for smaller pages, or raise http: { max_answer: ... }"},
	[FAILURE_HEADER_SIZE] = {EXCHANGE_TOO_LARGE, ERR_REMOTE, false, "too large headers from",
				 NULL},
	[FAILURE_MEMORY] = {EXCHANGE_BROKEN, ERR_MEMORY, false, "out of memory", NULL},
	[FAILURE_OPTIONS] = {EXCHANGE_UNUSABLE, ERR_USAGE, false,
			     "this request cannot be made to", NULL},
};

enum failure_reason failure_of_certificate(int64_t proxy_found, int64_t found)
{
	/* 1, "unspecified", is left where the chain was fine and the host's name was not. */
	enum { UNSPECIFIED = 1, NOT_YET_VALID = 9, EXPIRED = 10, SELF_SIGNED = 18, NO_ISSUER = 21 };
	enum { OTHER_HOST = 62, OTHER_ADDRESS = 64 };
	if (proxy_found != 0)
		return FAILURE_CERTIFICATE_PROXY;
	if (found == NOT_YET_VALID || found == EXPIRED)
		return FAILURE_CERTIFICATE_TIME;
	if (found >= SELF_SIGNED && found <= NO_ISSUER)
		return FAILURE_CERTIFICATE_ISSUER;
	if (found <= UNSPECIFIED || found == OTHER_HOST || found == OTHER_ADDRESS)
		return FAILURE_CERTIFICATE_HOST;
	return FAILURE_CERTIFICATE_OTHER;
}

/* Printable ASCII: a certificate's names, for one, are the other side's to choose. */
static void add_shown(struct buf *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size && text[i] != '\0'; i++) {
		if (i == SHOWN_BYTES_MAX) {
			buf_add_text(out, "...");
			break;
		}
		buf_add_char(out, text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
	}
}

/* "Failed to connect to 192.0.2.1 port 443 after 3 ms: ..." says whom it tried: the proxy, where
 * one is in between. */
static void add_tried(struct buf *out, const struct failure *failure)
{
	static const char before[] = "Failed to connect to ";
	const char *end = strstr(failure->words, " after ");
	if (end != NULL && strncmp(failure->words, before, sizeof before - 1) == 0) {
		const char *start = failure->words + sizeof before - 1;
		add_shown(out, start, (size_t)(end - start));
	} else {
		add_shown(out, failure->host, SIZE_MAX);
	}
}

static void add_place(struct buf *out, const struct failure *failure)
{
	switch (failure->reason) {
	case FAILURE_PROXY_UNUSABLE:
	case FAILURE_PROXY_PASSWORD:
	case FAILURE_PROXY_REFUSED:
	case FAILURE_CERTIFICATE_PROXY:
		add_shown(out, failure->proxy == NULL ? "" : failure->proxy, SIZE_MAX);
		break;
	case FAILURE_CONNECT:
	case FAILURE_CONNECT_SLOW:
		add_tried(out, failure);
		break;
	case FAILURE_CA_FILE:
		if (failure->limits->ca_file != NULL)
			add_shown(out, failure->limits->ca_file, SIZE_MAX);
		break;
	case FAILURE_MEMORY:
		break;
	default:
		add_shown(out, failure->host, SIZE_MAX);
		break;
	}
}

static void add_detail(struct buf *out, const struct failure *failure)
{
	const struct http_options *limits = failure->limits;
	size_t before = out->size;
	buf_add_text(out, " (");
	if (failure->proxy_status != 0)
		buf_addf(out, "it answered %d", failure->proxy_status);
	else if (failure->reason == FAILURE_CONNECT && failure->system_error != 0)
		add_shown(out, strerror(failure->system_error), SIZE_MAX);
	else if (failure->reason == FAILURE_CONNECT_SLOW)
		buf_addf(out, "%" PRId64 " ms", limits->connect_timeout_ms);
	else if (failure->reason == FAILURE_SILENT)
		buf_addf(out, "less than %" PRId64 " bytes in %" PRId64 " ms",
			 limits->low_speed_bytes, limits->low_speed_time_ms);
	else if (failure->reason == FAILURE_BODY_SIZE)
		buf_addf(out, "more than %" PRId64 " bytes", limits->answer_bytes_max);
	else if (TELLINGS[failure->reason].worded)
		add_shown(out, failure->words, SIZE_MAX);
	if (out->size > before + 2)
		buf_add_char(out, ')');
	else
		buf_cut(out, before);
}

/* An address goes up to its query, which is long and encoded: nobody reads it. */
static size_t shown_size(const char *shown)
{
	return strncmp(shown, "http", 4) == 0 ? strcspn(shown, "?") : SIZE_MAX;
}

void failure_settle(const struct failure *failure, struct response *answer)
{
	const struct telling *telling = &TELLINGS[failure->reason];
	struct buf text;

	assert(telling->what != NULL);
	buf_init(&text, 8 * SHOWN_BYTES_MAX);
	if (failure->shown != NULL) {
		add_shown(&text, failure->shown, shown_size(failure->shown));
		buf_add_text(&text, ": ");
	}
	buf_add_text(&text, telling->what);
	buf_add_char(&text, ' ');
	add_place(&text, failure);
	if (text.size > 0 && text.data[text.size - 1] == ' ')
		buf_cut(&text, text.size - 1);
	add_detail(&text, failure);
	if (telling->remedy != NULL) {
		buf_add_text(&text, "; ");
		buf_add_text(&text, telling->remedy);
	}
	response_done(answer);
	answer->end = telling->end;
	answer->status = 0;
	answer->date_us = 0;
	answer->retry_after_ms = -1;
	err_set(&answer->why, telling->kind, "%s", buf_text(&text));
	buf_done(&text);
}
