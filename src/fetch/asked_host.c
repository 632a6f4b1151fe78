/* libcurl's reading of a URL against ours; the other half of the door to libcurl is http.c. */
#include "fetch/asked.h"

#include "base/bounds.h"

#include <curl/curl.h>

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
