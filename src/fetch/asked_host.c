/* libcurl's reading of a URL against ours, and what it brings along; the other half of the door to
 * libcurl is http.c. */
#include "fetch/asked.h"

#include "base/bounds.h"

#include <curl/curl.h>

/* Debian's libcurl brings GnuTLS, for protocols that are never spoken here (RTMP, LDAP). Its
 * constructor would test ciphers and look for PKCS#11 modules in each process: 1.5 MiB, and more
 * time than many a run takes. It asks by this name whether to; who uses it begins it himself. */
__attribute__((visibility("default"), used)) int _gnutls_global_init_skip(void);
int _gnutls_global_init_skip(void)
{
	return 1;
}

bool asked_host_is_seen(const struct asked *asked, struct err *reterr)
{
	const unsigned flags = CURLU_PATH_AS_IS | CURLU_DEFAULT_PORT;
	char *host = NULL, *port = NULL;
	CURLU *url = curl_url();
	struct buf seen, origin;
	buf_init(&seen, URL_BYTES_MAX);
	buf_init(&origin, URL_BYTES_MAX);
	if (url != NULL &&
	    curl_url_set(url, CURLUPART_URL, asked->request.url, flags) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_PORT, &port, flags) == CURLUE_OK)
		buf_addf(&seen, "%s://%s:%s", asked->secure ? "https" : "http", host, port);
	bool same = url_origin(buf_text(&seen), &origin, reterr) &&
		    span_is(buf_span(&origin), asked->origin);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(url);
	buf_done(&seen);
	buf_done(&origin);
	return same || err_set(reterr, ERR_USAGE, "%s: libcurl does not take this URL",
			       asked->request.shown == NULL ? asked->host : asked->request.shown);
}
