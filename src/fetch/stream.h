/* A body that is read while it is sent, or handed on while it comes (struct request_source and
 * request_sink), in the shape that libcurl calls. Knows no library. */
#ifndef FIRN_FETCH_STREAM_H
#define FIRN_FETCH_STREAM_H

#include "fetch/exchange.h"

struct stream {
	const struct request_source *source;
	const struct request_sink *sink;
	bool failed; /* one of the two did, and why: */
	struct err why;
};

void stream_init(struct stream *stream, const struct request *request);
/* False: stop, it has failed. */
bool stream_take(struct stream *stream, struct span piece);
/* libcurl's CURLOPT_READFUNCTION and CURLOPT_SEEKFUNCTION; `user` is the stream. */
size_t stream_give(char *to, size_t one, size_t room, void *user);
int stream_seek(void *user, int64_t offset, int origin);
/* The answer of an exchange that ended because the stream failed. */
void stream_settle(const struct stream *stream, struct response *answer);

#endif
