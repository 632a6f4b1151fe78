#include "deliver/sigv4.h"

#include "base/bounds.h"
#include "base/stamp.h"
#include "base/text.h"

#include <stdio.h>

enum { LINES_MAX = 32, PAIRS_MAX = 16 };

#define ALGORITHM "AWS4-HMAC-SHA256"

void sigv4_signed_init(struct sigv4_signed *s)
{
	buf_init(&s->target, URL_BYTES_MAX);
	buf_init(&s->canonical, HEADER_BYTES_MAX);
	buf_init(&s->authorization, HEADER_BYTES_MAX);
	s->date[0] = '\0';
}

void sigv4_signed_done(struct sigv4_signed *s)
{
	buf_done(&s->target);
	buf_wipe(&s->canonical);
	buf_wipe(&s->authorization);
}

bool sigv4_add_path(struct buf *out, struct span path)
{
	while (path.size > 0) {
		const char *slash = memchr(path.at, '/', path.size);
		size_t size = slash == NULL ? path.size : (size_t)(slash - path.at);
		text_percent(out, (struct span){path.at, size});
		path = span_from(path, size);
		if (slash != NULL) {
			buf_add_char(out, '/');
			path = span_from(path, 1);
		}
	}
	return !out->failed;
}

/* --- the query: encoded, then in the order of its bytes --- */

struct encoded {
	size_t at, name_size, size; /* "name=value" in a buffer */
};

static int compare_bytes(struct span a, struct span b)
{
	size_t least = a.size < b.size ? a.size : b.size;
	int order = least == 0 ? 0 : memcmp(a.at, b.at, least);
	if (order != 0)
		return order;
	return a.size < b.size ? -1 : a.size > b.size;
}

/* Names first: "a-b=" is behind "a=", although '-' is before '='. */
static int compare_pairs(const char *text, const struct encoded *a, const struct encoded *b)
{
	struct span names[2] = {{text + a->at, a->name_size}, {text + b->at, b->name_size}};
	int order = compare_bytes(names[0], names[1]);
	if (order != 0)
		return order;
	return compare_bytes((struct span){text + a->at, a->size},
			     (struct span){text + b->at, b->size});
}

static bool add_query(struct buf *out, const struct sigv4_request *r)
{
	struct encoded pairs[PAIRS_MAX];
	struct buf text;
	buf_init(&text, URL_BYTES_MAX);
	for (size_t i = 0; i < r->query_n; i++) {
		struct encoded pair = {.at = text.size};
		text_percent(&text, r->query[i].name);
		pair.name_size = text.size - pair.at;
		buf_add_char(&text, '=');
		text_percent(&text, r->query[i].value);
		pair.size = text.size - pair.at;
		size_t place = i;
		for (; place > 0 && !text.failed &&
		       compare_pairs(text.data, &pair, &pairs[place - 1]) < 0; place--)
			pairs[place] = pairs[place - 1];
		pairs[place] = pair;
	}
	for (size_t i = 0; i < r->query_n && !text.failed; i++) {
		if (i > 0)
			buf_add_char(out, '&');
		buf_add(out, text.data + pairs[i].at, pairs[i].size);
	}
	bool done = !text.failed && !out->failed;
	buf_done(&text);
	return done;
}

/* --- headers: in lower case, in the order of their names, one line a name --- */

struct line {
	struct span name, value;
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int compare_names(struct span a, struct span b)
{
	for (size_t i = 0; i < a.size && i < b.size; i++) {
		unsigned char x = (unsigned char)lower(a.at[i]), y = (unsigned char)lower(b.at[i]);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return a.size < b.size ? -1 : a.size > b.size;
}

/* Behind those of equal name. */
static void put_line(struct line *lines, size_t *n, struct span name, struct span value)
{
	size_t place = (*n)++;
	for (; place > 0 && compare_names(name, lines[place - 1].name) < 0; place--)
		lines[place] = lines[place - 1];
	lines[place] = (struct line){name, value};
}

static size_t gather(const struct sigv4_request *r, const struct sigv4_signer *signer,
		     const char *date, struct line lines[LINES_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < r->headers_n; i++)
		put_line(lines, &n, span_of(r->headers[i].name), span_of(r->headers[i].value));
	put_line(lines, &n, SPAN("x-amz-date"), span_of(date));
	if (signer->session_token.size > 0)
		put_line(lines, &n, SPAN("x-amz-security-token"), signer->session_token);
	return n;
}

static void add_name(struct buf *out, struct span name)
{
	char *at = buf_reserve(out, name.size);
	if (at == NULL)
		return;
	for (size_t i = 0; i < name.size; i++)
		*at++ = lower(name.at[i]);
	*at = '\0';
	out->size += name.size;
}

/* Blanks around it are left out, several inside are one. */
static void add_value(struct buf *out, struct span value)
{
	bool blank = false;
	value = text_trim(value);
	char *begin = buf_reserve(out, value.size), *at = begin;
	if (at == NULL)
		return;
	for (size_t i = 0; i < value.size; i++) {
		bool now = value.at[i] == ' ' || value.at[i] == '\t';
		if (!now || !blank)
			*at++ = now ? ' ' : value.at[i];
		blank = now;
	}
	*at = '\0';
	out->size += (size_t)(at - begin);
}

static void add_headers(struct buf *out, const struct line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool again = i > 0 && compare_names(lines[i - 1].name, lines[i].name) == 0;
		if (again) {
			buf_cut(out, out->size == 0 ? 0 : out->size - 1);
			buf_add_char(out, ',');
		} else {
			add_name(out, lines[i].name);
			buf_add_char(out, ':');
		}
		add_value(out, lines[i].value);
		buf_add_char(out, '\n');
	}
}

static void add_signed_names(struct buf *out, const struct line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && compare_names(lines[i - 1].name, lines[i].name) == 0)
			continue;
		if (i > 0)
			buf_add_char(out, ';');
		add_name(out, lines[i].name);
	}
}

/* --- keys and the signature --- */

static void write_date(int64_t now_us, char out[SIGV4_DATE_BYTES])
{
	struct stamp_parts p = stamp_parts(now_us);
	/* A year has four digits here (STAMP_MIN, STAMP_MAX). */
	snprintf(out, SIGV4_DATE_BYTES, "%04u%02u%02uT%02u%02u%02uZ", (unsigned)p.year % 10000,
		 (unsigned)p.month % 100, (unsigned)p.day % 100, (unsigned)p.hour % 100,
		 (unsigned)p.minute % 100, (unsigned)p.second % 100);
}

static struct span bytes_of(const unsigned char *bytes)
{
	return (struct span){(const char *)bytes, SHA256_BYTES};
}

static bool derive(const struct sigv4_signer *signer, const char date[9], struct sigv4_day *day)
{
	unsigned char a[SHA256_BYTES], b[SHA256_BYTES];
	struct buf secret;
	if (strcmp(day->date, date) == 0)
		return true;
	buf_init(&secret, SECRET_BYTES_MAX);
	buf_add_text(&secret, "AWS4");
	buf_add_span(&secret, signer->secret_access_key);
	bool done = !secret.failed &&
		    digest_hmac_sha256(buf_span(&secret), (struct span){date, 8}, a) &&
		    digest_hmac_sha256(bytes_of(a), signer->region, b) &&
		    digest_hmac_sha256(bytes_of(b), signer->service, a) &&
		    digest_hmac_sha256(bytes_of(a), SPAN("aws4_request"), day->key);
	buf_wipe(&secret);
	if (done)
		memcpy(day->date, date, 9);
	return done;
}

static bool add_authorization(struct sigv4_signed *s, const struct sigv4_signer *signer,
			      struct sigv4_day *day, struct span names)
{
	unsigned char signature[SHA256_BYTES];
	char hash[SHA256_HEX + 1], date[9];
	struct buf scope, text;
	memcpy(date, s->date, 8);
	date[8] = '\0';
	buf_init(&scope, 4 * KIB);
	buf_init(&text, 8 * KIB);
	buf_addf(&scope, "%s/%.*s/%.*s/aws4_request", date, SPAN_ARGS(signer->region),
		 SPAN_ARGS(signer->service));
	bool done = digest_sha256_hex(buf_span(&s->canonical), hash) &&
		    buf_addf(&text, ALGORITHM "\n%s\n%s\n%s", s->date, buf_text(&scope), hash) &&
		    derive(signer, date, day) &&
		    digest_hmac_sha256(bytes_of(day->key), buf_span(&text), signature);
	buf_addf(&s->authorization, ALGORITHM " Credential=%.*s/%s, SignedHeaders=",
		 SPAN_ARGS(signer->access_key_id), buf_text(&scope));
	buf_add_span(&s->authorization, names);
	buf_add_text(&s->authorization, ", Signature=");
	done = done && text_hex(&s->authorization, signature, sizeof signature) && !scope.failed;
	buf_done(&scope);
	buf_done(&text);
	return done;
}

bool sigv4_sign(const struct sigv4_request *r, const struct sigv4_signer *signer, int64_t now_us,
		struct sigv4_day *day, struct sigv4_signed *s, struct err *reterr)
{
	struct line lines[LINES_MAX];
	if (r->headers_n > LINES_MAX - 2 || r->query_n > PAIRS_MAX)
		return err_set(reterr, ERR_MEMORY, "a request of too many headers or parameters");
	buf_clear(&s->target);
	buf_clear(&s->canonical);
	buf_clear(&s->authorization);
	write_date(now_us, s->date);
	size_t n = gather(r, signer, s->date, lines);

	sigv4_add_path(&s->target, r->path);
	buf_addf(&s->canonical, "%s\n%s\n", r->method, buf_text(&s->target));
	if (r->query_n > 0) {
		buf_add_char(&s->target, '?');
		size_t start = s->target.size;
		add_query(&s->target, r);
		buf_add_span(&s->canonical, span_from(buf_span(&s->target), start));
	}
	buf_add_char(&s->canonical, '\n');
	add_headers(&s->canonical, lines, n);
	buf_add_char(&s->canonical, '\n');
	size_t names_at = s->canonical.size;
	add_signed_names(&s->canonical, lines, n);
	size_t size = s->canonical.size - names_at;
	buf_addf(&s->canonical, "\n%s", r->body_sha256);
	struct span names = {buf_text(&s->canonical) + names_at, size};
	if (s->target.failed || s->canonical.failed ||
	    !add_authorization(s, signer, day, names) || s->authorization.failed)
		return err_set(reterr, ERR_MEMORY, "no memory to sign a request, or its name is "
			       "longer than %d bytes", URL_BYTES_MAX);
	return true;
}
