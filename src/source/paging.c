/* Where the next page is. Six ways, each with its own end; a page that repeats is an error. */
#include "base/bounds.h"
#include "source/talk.h"

#include <stdio.h>
#include <stdlib.h>

static struct span words_of(const struct json *value)
{
	return json_kind(value) == JSON_NUMBER ? json_digits(value) : json_text(value);
}

/* What names the next page, as text; empty: there is none (absent, null, ""). False, ERR_DATA:
 * something else stands there. To take that for the end would lose all further pages. */
static bool next_words(struct rest *rest, const struct json *value, const char *what,
		       struct value *ret, struct err *reterr)
{
	const struct pointers at = rest->stream->paging.at;
	for (size_t i = 0; i < at.n && value != NULL; i++) {
		const struct json *found = json_point(value, &at.at[i], true);
		enum json_kind kind = json_kind(found);
		if (kind <= JSON_NULL)
			continue;
		rest->next_at = at.at[i].text;
		*ret = (struct value){kind == JSON_NUMBER ? VALUE_NUMBER : VALUE_TEXT,
				      words_of(found)};
		return kind == JSON_TEXT || kind == JSON_NUMBER ||
		       err_set(reterr, ERR_DATA,
			       "%s: %s is %s %s; expected a %s the next page or null",
			       rest->stream->name, at.at[i].text, kind == JSON_OBJECT ? "an" : "a",
			       json_kind_name(kind), what);
	}
	return true;
}

static bool number_reached(const struct json *root, struct pointers at, int64_t reached)
{
	int64_t limit;
	const struct json *found = at.n == 0 ? NULL : json_point_any(root, at, true);
	return json_whole(words_of(found), &limit) && reached >= limit;
}

/* What the answer itself says of an end, whatever the kind of paging. */
static bool answer_ends(const struct rest *rest, const struct json *root)
{
	const struct paging_rule *paging = &rest->stream->paging;
	const struct json *more =
		paging->more.n == 0 ? NULL : json_point_any(root, paging->more, true);
	const struct json *done =
		paging->done.n == 0 ? NULL : json_point_any(root, paging->done, true);
	if (json_kind(more) == JSON_BOOL && !json_bool(more))
		return true;
	if (json_kind(done) == JSON_BOOL && json_bool(done))
		return true;
	return number_reached(root, paging->total, rest->records) ||
	       number_reached(root, paging->pages, rest->pages);
}

/* --- links and tokens that were followed: a hash table of their hashes, half full at most --- */

/* Where the hash is, or where it would go. */
static size_t place_of(const uint64_t *seen, size_t room, uint64_t hash)
{
	size_t at = (size_t)(hash >> 1) & (room - 1);
	while (seen[at] != 0 && seen[at] != hash)
		at = (at + 1) & (room - 1);
	return at;
}

static bool make_room(struct rest *rest, struct err *reterr)
{
	size_t room = rest->seen_room == 0 ? 64 : rest->seen_room * 2;
	if (2 * (rest->seen_n + 1) <= rest->seen_room)
		return true;
	uint64_t *seen = calloc(room, sizeof *seen);
	if (seen == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < rest->seen_room; i++) {
		if (rest->seen[i] != 0)
			seen[place_of(seen, room, rest->seen[i])] = rest->seen[i];
	}
	free(rest->seen);
	rest->seen = seen;
	rest->seen_room = room;
	return true;
}

static bool remember(struct rest *rest, struct span text, bool *ret_new, struct err *reterr)
{
	uint64_t hash = digest_hash64(text, 0) | 1; /* 0 is a free place */
	if (!make_room(rest, reterr))
		return false;
	size_t at = place_of(rest->seen, rest->seen_room, hash);
	*ret_new = rest->seen[at] == 0;
	rest->seen_n += *ret_new;
	rest->seen[at] = hash;
	return true;
}

void talk_forget_pages(struct rest *rest)
{
	if (rest->seen_n > 0)
		memset(rest->seen, 0, rest->seen_room * sizeof *rest->seen);
	rest->seen_n = 0;
}

static bool repeats(const struct rest *rest, const char *what, struct err *reterr)
{
	return err_set(reterr, ERR_DATA,
		       "%s: page %lld names a next %s that was followed before: the API repeats "
		       "itself", rest->stream->name, (long long)rest->pages, what);
}

static bool check_origin(const struct rest *rest, const char *url, struct err *reterr)
{
	struct buf origin;
	buf_init(&origin, URL_BYTES_MAX);
	bool done = url_origin(url, &origin, reterr);
	if (done && strcmp(buf_text(&origin), rest->origin) != 0) {
		done = err_set(reterr, ERR_DATA,
			       "%s: the link to the next page leads to %s; the sign-in is for %s "
			       "only", rest->stream->name, buf_text(&origin), rest->origin);
	}
	buf_done(&origin);
	return done;
}

/* The link's target, absolute, into `ret`. False: it is no link, or leads elsewhere. */
static bool resolve(const struct rest *rest, struct span link, struct buf *ret,
		    struct err *reterr)
{
	struct buf text;
	buf_init(&text, URL_BYTES_MAX);
	bool done = buf_add_span(&text, link);
	if (!done && !text.over)
		err_memory(reterr);
	else if (!done)
		err_set(reterr, ERR_DATA, "it is longer than %d bytes", URL_BYTES_MAX);
	done = done && url_resolve(buf_text(&rest->url), buf_text(&text), ret, reterr);
	buf_done(&text);
	if (!done && reterr->kind != ERR_MEMORY) {
		reterr->kind = ERR_DATA;
		err_at(reterr, "%s: the link to the next page", rest->stream->name);
	}
	return done && check_origin(rest, buf_text(ret), reterr);
}

static bool follow_link(struct rest *rest, struct span target, struct err *reterr)
{
	/* The page that we are on, with and without the api key that we put behind it. */
	struct span here = buf_span(&rest->url), plain = {here.at, rest->plain_size};
	bool to_itself = span_equal(target, here) || span_equal(target, plain);
	bool is_new = true;
	if (to_itself && rest->page_records == 0) {
		rest->done = true;
		return true;
	}
	if (rest->seen_n == 0 && !remember(rest, plain, &is_new, reterr))
		return false;
	if (!remember(rest, target, &is_new, reterr))
		return false;
	if (!is_new || to_itself)
		return repeats(rest, "link", reterr);
	buf_clear(&rest->link);
	buf_add_span(&rest->link, target);
	return buf_ok(&rest->link, reterr);
}

static bool advance_link(struct rest *rest, struct span link, struct err *reterr)
{
	struct buf target;
	if (link.size == 0) {
		rest->done = true;
		return true;
	}
	buf_init(&target, URL_BYTES_MAX);
	bool done = resolve(rest, link, &target, reterr) &&
		    follow_link(rest, buf_span(&target), reterr);
	buf_done(&target);
	return done;
}

static bool advance_token(struct rest *rest, const struct value *token, struct err *reterr)
{
	bool is_new;
	if (token->text.size == 0) {
		rest->done = true;
		return true;
	}
	if (!remember(rest, token->text, &is_new, reterr))
		return false;
	if (!is_new)
		return repeats(rest, "token", reterr);
	rest->token_kind = token->kind;
	buf_clear(&rest->token);
	buf_add_span(&rest->token, token->text);
	if (rest->token.over)
		return err_set(reterr, ERR_DATA,
			       "%s: the token of the next page is longer than %d bytes",
			       rest->stream->name, URL_BYTES_MAX);
	return buf_ok(&rest->token, reterr);
}

bool talk_advance(struct rest *rest, const struct response *response, const struct json *root,
		  const struct json *last_record, struct err *reterr)
{
	const struct paging_rule *paging = &rest->stream->paging;
	enum paging_kind kind = paging->kind;
	struct value next = {VALUE_TEXT, SPAN("")};
	rest->next_at = NULL;
	if (rest->pages >= PAGES_MAX)
		return err_set(reterr, ERR_DATA, "%s: more than %d pages in one window",
			       rest->stream->name, PAGES_MAX);
	if (kind == PAGING_NONE || answer_ends(rest, root)) {
		rest->done = true;
		return true;
	}
	switch (kind) {
	case PAGING_NEXT_URL:
		return next_words(rest, root, "link to", &next, reterr) &&
		       advance_link(rest, next.text, reterr);
	case PAGING_LINK_HEADER:
		return advance_link(rest, response_link(response, paging->header), reterr);
	case PAGING_NEXT_TOKEN:
		if (paging->token_from == TOKEN_FROM_HEADER)
			next.text = response_header(response, paging->header);
		else if (paging->token_from == TOKEN_FROM_LAST_RECORD)
			root = last_record;
		if (paging->token_from != TOKEN_FROM_HEADER &&
		    !next_words(rest, root, "token of", &next, reterr))
			return false;
		return advance_token(rest, &next, reterr);
	case PAGING_OFFSET:
		rest->number += rest->page_records;
		rest->done = rest->page_records == 0;
		return true;
	case PAGING_PAGE:
		rest->number++;
		rest->done = rest->page_records == 0;
		return true;
	case PAGING_NONE:
		break;
	}
	return true;
}
