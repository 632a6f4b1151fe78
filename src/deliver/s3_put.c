/* A flight is a PUT, and the HEAD behind it where something stood under the key already or the
 * answer's checksum was wrong: then what stands there is compared with what was meant. */
#include "deliver/s3_private.h"

#include "base/bounds.h"
#include "base/clock.h"
#include "base/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHECKSUM_BYTES = 48 }; /* 32 bytes in Base64, and a NUL */

struct flight {
	struct flight *next;
	void *user;
	struct s3_object object; /* its key and hash point into this flight */
	bool looking;  /* the HEAD is on its way, not the PUT */
	bool mended;   /* once is enough */
	bool doubted;  /* the PUT was answered by a 2xx with another checksum */
	char sha256[SHA256_HEX + 1];
	char checksum[CHECKSUM_BYTES];
	char key[];
};

static void drop(struct s3 *s3, struct flight *flight)
{
	struct flight **at = &s3->flights;
	while (*at != flight)
		at = &(*at)->next;
	*at = flight->next;
	s3->flights_n--;
	free(flight);
}

void s3_drop_flights(struct s3 *s3)
{
	while (s3->flights != NULL)
		drop(s3, s3->flights);
}

static int value_of(char hex)
{
	return hex <= '9' ? hex - '0' : hex - 'a' + 10;
}

/* The same hash as x-amz-checksum-sha256 has it. */
static bool write_checksum(const char *sha256, char out[CHECKSUM_BYTES])
{
	unsigned char bytes[SHA256_BYTES];
	struct buf text;
	buf_init(&text, CHECKSUM_BYTES);
	for (int i = 0; i < SHA256_BYTES; i++)
		bytes[i] = (unsigned char)(value_of(sha256[2 * i]) << 4 |
					   value_of(sha256[2 * i + 1]));
	bool done = digest_base64(&text, (struct span){(const char *)bytes, sizeof bytes});
	snprintf(out, CHECKSUM_BYTES, "%s", buf_text(&text));
	buf_done(&text);
	return done;
}

static bool begin_put(struct s3 *s3, struct flight *f, struct err *reterr)
{
	struct header headers[10];
	char records[32];
	size_t n = 0;
	snprintf(records, sizeof records, "%" PRId64, f->object.records);
	headers[n++] = (struct header){"Content-Type", "application/gzip"};
	headers[n++] = (struct header){"x-amz-checksum-sha256", f->checksum};
	headers[n++] = (struct header){"x-amz-meta-sha256", f->sha256};
	headers[n++] = (struct header){"x-amz-meta-records", records};
	if (s3->conditional)
		headers[n++] = (struct header){"If-None-Match", "*"};
	if (s3->encryption != NULL)
		headers[n++] = (struct header){"x-amz-server-side-encryption", s3->encryption};
	if (s3->kms_key_id != NULL)
		headers[n++] = (struct header){"x-amz-server-side-encryption-aws-kms-key-id",
					       s3->kms_key_id};
	struct s3_call call = {
		.method = "PUT",
		.key = f->object.key,
		.headers = headers,
		.headers_n = n,
		.body_sha256 = f->sha256,
		.body = f->object.body,
		.body_from = f->object.body_from,
	};
	return s3_begin(s3, &call, f, reterr);
}

static bool begin_look(struct s3 *s3, struct flight *f, struct err *reterr)
{
	const struct header headers[] = {{"x-amz-checksum-mode", "ENABLED"}};
	struct s3_call call = {
		.method = "HEAD",
		.key = f->object.key,
		.headers = headers,
		.headers_n = 1,
		.body_sha256 = EMPTY_SHA256,
	};
	f->looking = true;
	return s3_begin(s3, &call, f, reterr);
}

bool s3_put(struct s3 *s3, const struct s3_object *object, void *user, struct err *reterr)
{
	struct flight *f = calloc(1, sizeof *f + object->key.size + 1);
	assert(strlen(object->sha256) == SHA256_HEX && object->key.size > 0);
	if (f == NULL)
		return err_memory(reterr);
	f->user = user;
	f->object = *object;
	memcpy(f->key, object->key.at, object->key.size);
	memcpy(f->sha256, object->sha256, SHA256_HEX);
	f->object.key.at = f->key;
	f->object.sha256 = f->sha256;
	f->next = s3->flights;
	s3->flights = f;
	s3->flights_n++;
	bool done = (write_checksum(f->sha256, f->checksum) || err_memory(reterr)) &&
		    begin_put(s3, f, reterr);
	if (!done)
		drop(s3, f);
	return done;
}

/* --- what the answer means --- */

static enum s3_verdict say(struct s3_answer *ret, enum s3_verdict verdict, enum err_kind kind,
			   const char *what, const char *text)
{
	err_set(&ret->why, kind, "%s: %s", what, text);
	return verdict;
}

static enum s3_verdict say_plain(struct s3 *s3, const char *what, struct s3_answer *ret)
{
	err_set(&ret->why, ERR_REMOTE, "%s: the server did not confirm the encryption '%s'%s%s: "
		"correct destination.s3.encryption, or the server", what, s3->encryption,
		s3->kms_key_id == NULL ? "" : " with the key ",
		s3->kms_key_id == NULL ? "" : s3->kms_key_id);
	return S3_REFUSED;
}

static enum s3_verdict verdict_of(enum s3_sense sense)
{
	switch (sense) {
	case S3_SENSE_UNFIT:
		return S3_UNFIT;
	case S3_SENSE_DAMAGED:
		return S3_DAMAGED;
	case S3_SENSE_LATER:
	case S3_SENSE_SKEWED:
		return S3_LATER;
	case S3_SENSE_DENIED:
	case S3_SENSE_REFUSED:
	case S3_SENSE_EXPIRED:
	case S3_SENSE_ABSENT: /* of a PUT: no bucket, or no S3 at all, is there */
		return S3_REFUSED;
	default:
		return S3_DOUBTFUL;
	}
}

/* A 2xx. Whoever sends neither a checksum nor an ETag is no S3: the sign-in page of a network, a
 * proxy. *ret_look: what stands there must be compared. */
static enum s3_verdict judge_stored(struct s3 *s3, struct flight *f, const struct response *r,
				    const char *what, bool *ret_look, struct s3_answer *ret)
{
	struct span sum = response_header(r, "x-amz-checksum-sha256");
	if (r->status != 200 || (sum.size == 0 && response_header(r, "etag").size == 0))
		return say(ret, S3_DOUBTFUL, ERR_REMOTE, what, "the answer is not that of an S3 "
			   "server (no ETag): correct destination.s3.endpoint, or http.proxy");
	if (sum.size > 0 && !span_is(sum, f->checksum)) {
		f->doubted = *ret_look = true;
		return S3_DOUBTFUL;
	}
	if (!s3_encrypted(r, s3->encryption, s3->kms_key_id))
		return say_plain(s3, what, ret);
	s3->encrypts = true;
	return S3_STORED;
}

static bool is_same(const struct flight *f, const struct s3_head *head)
{
	return head->size == f->object.size && strcmp(head->sha256, f->sha256) == 0;
}

/* Rights to write only are enough: the key carries half of the content's hash, so who may not
 * look takes what is there for what was meant. */
static enum s3_verdict judge_unseen(struct s3 *s3, const struct flight *f, const char *what,
				    struct s3_answer *ret)
{
	if (f->doubted)
		return say(ret, S3_DOUBTFUL, ERR_REMOTE, what, "the server confirmed another "
			   "checksum than was sent, and what it stored may not be looked at: "
			   "allow s3:GetObject");
	if (s3->encryption != NULL && !s3->encrypts)
		return say(ret, S3_DOUBTFUL, ERR_REMOTE, what, "the object is there, but that it "
			   "is encrypted cannot be seen before this server has confirmed it for "
			   "another one: allow s3:GetObject, or wait for the next object");
	ret->was_there = true;
	return S3_STORED;
}

static enum s3_verdict judge_look(struct s3 *s3, const struct flight *f, enum s3_sense sense,
				  const struct response *r, const char *what,
				  struct s3_answer *ret)
{
	struct s3_head head;
	if (sense == S3_SENSE_DENIED)
		return judge_unseen(s3, f, what, ret);
	if (sense == S3_SENSE_ABSENT) {
		ret->why.kind = ERR_TRANSIENT; /* gone meanwhile: put it again */
		return S3_LATER;
	}
	if (sense != S3_SENSE_DONE)
		return verdict_of(sense);
	s3_read_head(r, &head);
	if (!is_same(f, &head)) {
		err_set(&ret->why, ERR_DATA, "%s: other bytes stand under this key: %" PRId64
			" bytes with the SHA-256 %s, not %" PRId64 " with %s", what, head.size,
			head.sha256[0] == '\0' ? "(unknown)" : head.sha256, f->object.size,
			f->sha256);
		return S3_OTHER;
	}
	if (!s3_encrypted(r, s3->encryption, s3->kms_key_id))
		return say_plain(s3, what, ret);
	ret->was_there = !f->doubted;
	return S3_STORED;
}

/* True: the flight goes on with another request. */
static bool judge(struct s3 *s3, struct flight *f, const struct response *r,
		  struct s3_answer *ret, bool *ret_look)
{
	struct buf what;
	buf_init(&what, 2 * KIB);
	s3_add_shown(&what, s3, f->looking ? "HEAD" : "PUT", f->object.key);
	const char *name = what.failed ? (f->looking ? "HEAD" : "PUT") : buf_text(&what);
	enum s3_sense sense = s3_judge(r, &s3->place, name, &ret->why);
	bool more = !f->mended && s3_mend(s3, sense, r);
	*ret_look = false;
	f->mended = f->mended || more;
	if (more)
		ret->verdict = S3_LATER;
	else if (f->looking)
		ret->verdict = judge_look(s3, f, sense, r, name, ret);
	else if (sense == S3_SENSE_DONE)
		ret->verdict = judge_stored(s3, f, r, name, ret_look, ret);
	else if (sense == S3_SENSE_THERE)
		*ret_look = true;
	else
		ret->verdict = verdict_of(sense);
	buf_done(&what);
	return more || *ret_look;
}

static enum s3_verdict verdict_of_err(const struct err *err)
{
	return err->kind == ERR_TRANSIENT ? S3_LATER : S3_REFUSED;
}

/* True: *ret is the flight's end. */
static bool proceed(struct s3 *s3, struct flight *f, const struct response *r,
		    struct s3_answer *ret)
{
	bool look;
	*ret = (struct s3_answer){0};
	if (!judge(s3, f, r, ret, &look))
		return true;
	bool looking = look || f->looking;
	if (!looking && f->object.body_from != NULL &&
	    !f->object.body_from->again(f->object.body_from->user, &ret->why)) {
		ret->verdict = ret->why.kind == ERR_DATA ? S3_DAMAGED : S3_DOUBTFUL;
		return true;
	}
	if (looking ? begin_look(s3, f, &ret->why) : begin_put(s3, f, &ret->why))
		return false;
	ret->verdict = verdict_of_err(&ret->why);
	return true;
}

bool s3_wait(struct s3 *s3, int64_t wait_ms, void **ret_user, struct s3_answer *ret)
{
	int64_t end_ms = clock_mono_ms() + wait_ms;
	for (;;) {
		struct response response;
		void *user;
		int64_t left_ms = end_ms - clock_mono_ms();
		if (!http_wait(s3->http, left_ms > 0 ? left_ms : 0, &user, &response))
			return false;
		struct flight *f = user;
		bool ended = proceed(s3, f, &response, ret);
		response_done(&response);
		if (ended) {
			*ret_user = f->user;
			drop(s3, f);
			return true;
		}
	}
}

void s3_drop(struct s3 *s3)
{
	for (struct flight *f = s3->flights; f != NULL; f = f->next)
		http_drop(s3->http, f);
	s3_drop_flights(s3);
}

size_t s3_in_flight(const struct s3 *s3)
{
	return s3->flights_n;
}
